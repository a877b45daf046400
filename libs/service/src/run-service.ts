import type { DestinationStream } from 'pino'
import { ServiceError } from './errors.ts'
import { Health } from './health.ts'
import { Lifecycle } from './lifecycle.ts'
import { createLogger, type Logger, logLevels, type LogLevel, type LogPipe } from './logger.ts'
import { type Metrics, startMetrics } from './metrics.ts'
import { observeRuntime } from './runtime-metrics.ts'
import { choice, duration, url } from './settings/setting.ts'
import { type ConfigOf, defineSettings, type Settings } from './settings/settings.ts'
import { settingsHelp } from './settings/settings-help.ts'

/** What an app's `start` function gets. */
export interface ServiceContext<C> {
  readonly config: C
  readonly log: Logger
  readonly health: Health
  readonly metrics: Metrics
  /** Register here how to stop what `start` started. */
  readonly lifecycle: Lifecycle
}

/** One app: its name, its settings, and how it starts. */
export interface Service<S extends Settings> {
  /** `service` in logs and `service.name` in metrics, e.g. `ingest`. */
  readonly name: string
  /** One sentence for `--help`. */
  readonly description: string
  readonly settings: S
  /** What the log passes through. @default nothing: lines of the level go to stdout */
  readonly logPipe?: (this: void, level: LogLevel, destination: DestinationStream) => LogPipe
  /** Starts the app; it runs until a signal. A rejection stops the start with exit code 1. */
  start(context: ServiceContext<ConfigOf<S>>): Promise<void>
}

/** Settings that every app has, so they carry no app's prefix. */
const sharedSettings = defineSettings(undefined, {
  logLevel: choice('LOG_LEVEL', { default: 'info', values: logLevels, help: 'how much is logged' }),
  shutdownTimeoutMs: duration('SHUTDOWN_TIMEOUT', { default: 15_000, minMs: 100, maxMs: 600_000, help: 'time to finish what is running when asked to stop' }),
  metricsUrl: url('OTEL_EXPORTER_OTLP_METRICS_ENDPOINT', { default: '', protocols: ['http:', 'https:'], help: 'where the app\'s own metrics are sent over OTLP, such as http://127.0.0.1:4318/v1/metrics' }),
  metricsIntervalMs: duration('OTEL_METRIC_EXPORT_INTERVAL', { default: 15_000, minMs: 500, maxMs: 600_000, help: 'time between two exports of metrics' }),
})

/**
 * Runs an app from its `main.ts`: reads settings, starts it, and stops it in order on SIGTERM, SIGINT,
 * or when the parent that holds its IPC channel is gone. Exit codes: 0 clean, 1 failure, 2 a bad setting or argument.
 */
export async function runService<S extends Settings>(service: Service<S>, env: NodeJS.ProcessEnv): Promise<void> {
  const argv = process.argv.slice(2)
  if (argv.includes('--help') || argv.includes('-h')) {
    process.stdout.write(settingsHelp(service.name, service.description, [service.settings, sharedSettings]))
    return
  }
  if (argv.length > 0) return refuse(`${service.name}: unknown argument ${argv[0]}; it is configured by environment variables, see --help.`)
  let config: ConfigOf<S>
  let shared: { logLevel: LogLevel; shutdownTimeoutMs: number; metricsUrl: string; metricsIntervalMs: number }
  try {
    shared = sharedSettings.read(env)
    config = service.settings.read(env) as ConfigOf<S>
  } catch (error) {
    if (error instanceof ServiceError) return refuse(error.message)
    throw error
  }

  const log = createLogger(service.name, shared.logLevel, undefined, service.logPipe)
  const lifecycle = new Lifecycle(log, shared.shutdownTimeoutMs)
  const health = new Health()
  const metrics = startMetrics(service.name, shared.metricsUrl === '' ? undefined : { url: shared.metricsUrl, intervalMs: shared.metricsIntervalMs })
  lifecycle.onShutdown('metrics', () => metrics.shutdown())
  lifecycle.onShutdown('runtime metrics', observeRuntime())
  stopOnRequest(log, health, lifecycle)

  try {
    await service.start({ config, log, health, metrics, lifecycle })
    log.info('started')
    process.send?.({ type: 'started' })
  } catch (error) {
    if (error instanceof ServiceError) log.fatal({ code: error.code }, error.message)
    else log.fatal({ err: error }, 'could not start')
    await lifecycle.shutdown()
    process.exit(1)
  }
}

function refuse(message: string): void {
  process.stderr.write(`${message}\n`)
  process.exitCode = 2
}

function stopOnRequest(log: Logger, health: Health, lifecycle: Lifecycle): void {
  let asked = false
  const stop = async (reason: string): Promise<void> => {
    if (asked) {
      log.warn({ reason }, 'asked to stop again: exiting at once')
      process.exit(1)
    }
    asked = true
    log.info({ reason }, 'stopping')
    health.stop()
    const clean = await lifecycle.shutdown()
    log.info({ clean }, 'stopped')
    process.exit(clean ? 0 : 1)
  }
  process.on('SIGTERM', () => void stop('SIGTERM'))
  process.on('SIGINT', () => void stop('SIGINT'))
  // The launcher holds an IPC channel to each child: when it dies, even by SIGKILL, its children stop as well.
  process.on('disconnect', () => void stop('parent gone'))
  process.on('unhandledRejection', (error) => {
    log.fatal({ err: error }, 'unhandled rejection')
    void stop('unhandled rejection')
  })
}
