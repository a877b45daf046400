import { hostname } from 'node:os'
import { context, logs, metrics, propagation, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core'
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-proto'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources'
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs'
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { ATTR_SERVICE_NAME } from '@opentelemetry/semantic-conventions'
import { TelemetryError } from '../errors.ts'
import { instrumentFetch } from '../fetch/outgoing-fetch.ts'
import { eventLimits } from '../work/limits.ts'
import { resolveDestination } from './environment.ts'
import { resolveDelivery, type TelemetryOptions } from './options.ts'
import { SpanRedaction } from './span-redaction.ts'
import { StoppableExporter } from './stoppable-exporter.ts'

/** Attributes that an event may have: its fields and timers within `eventLimits`, and as many again for those who raise the limits. */
const MAX_EVENT_ATTRIBUTES = 4 * eventLimits.maxFields

/** What `startTelemetry` started. */
export interface Telemetry {
  /** Sends what waits. Resolves also when it could not be sent: telemetry is never a reason to fail. */
  flush(): Promise<void>
  /** Sends what waits, within the deadline, and gives the global OpenTelemetry API back. Once; later calls return the first one's promise. */
  shutdown(): Promise<void>
}

/**
 * Sets up OpenTelemetry for this process: traces and events over OTLP/HTTP protobuf, W3C trace context and baggage, and outgoing `fetch`.
 * Queues are bounded, so a receiver that is away costs neither time nor memory; what is dropped is counted by the SDK's own metrics
 * on the meter provider that is registered when this is called. A service with its own OpenTelemetry set-up does not call it.
 *
 * @throws {@link TelemetryError} `OPTION_INVALID`, `ALREADY_STARTED`.
 */
export function startTelemetry(options: TelemetryOptions): Telemetry {
  const destination = resolveDestination(options)
  const delivery = resolveDelivery(options)
  if (destination.disabled) return { flush: async () => {}, shutdown: async () => {} }

  const resource = defaultResource().merge(
    resourceFromAttributes({ 'host.name': hostname(), 'process.pid': process.pid, ...destination.resource, [ATTR_SERVICE_NAME]: destination.service }),
  )
  const selfObsMeterProvider = metrics.getMeterProvider()
  const otlp = { headers: destination.headers, timeoutMillis: delivery.exportTimeoutMs, selfObsMeterProvider }
  const batch = {
    maxQueueSize: delivery.maxQueueSize,
    maxExportBatchSize: delivery.maxBatchSize,
    scheduledDelayMillis: delivery.exportDelayMs,
    exportTimeoutMillis: delivery.exportTimeoutMs,
    selfObsMeterProvider,
  }
  const spanExporter = new StoppableExporter(options.exporters?.spans ?? new OTLPTraceExporter({ ...otlp, url: destination.tracesUrl }))
  const eventExporter = new StoppableExporter(options.exporters?.events ?? new OTLPLogExporter({ ...otlp, url: destination.logsUrl }))
  const tracers = new TracerProvider({ resource, spanProcessors: [new SpanRedaction(), new BatchSpanProcessor({ ...batch, exporter: spanExporter })] })
  const loggers = new LoggerProvider({
    resource,
    logRecordLimits: { attributeCountLimit: MAX_EVENT_ATTRIBUTES },
    processors: [new BatchLogRecordProcessor({ ...batch, exporter: eventExporter })],
  })
  register(tracers, loggers)
  const stopFetch = options.fetch === false ? () => {} : instrumentFetch(options.dependencies === undefined ? {} : { dependencies: options.dependencies })
  const giveUp = (): void => {
    spanExporter.stop()
    eventExporter.stop()
  }
  return handle({ tracers, loggers, stopFetch, giveUp, shutdownTimeoutMs: delivery.shutdownTimeoutMs })
}

function register(tracers: TracerProvider, loggers: LoggerProvider): void {
  if (!trace.setGlobalTracerProvider(tracers)) {
    throw new TelemetryError('ALREADY_STARTED', 'this process has an OpenTelemetry set-up already; call startTelemetry once, or not at all where another SDK is started')
  }
  logs.setGlobalLoggerProvider(loggers)
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  propagation.setGlobalPropagator(new CompositePropagator({ propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()] }))
}

interface Started {
  readonly tracers: TracerProvider
  readonly loggers: LoggerProvider
  readonly stopFetch: () => void
  /** Lets every further export fail. */
  readonly giveUp: () => void
  readonly shutdownTimeoutMs: number
}

function handle({ tracers, loggers, stopFetch, giveUp, shutdownTimeoutMs }: Started): Telemetry {
  // One flush after another: the SDK's batch processor returns at once from a flush while another runs, and a shutdown then would lose records.
  let last: Promise<unknown> = Promise.resolve()
  let stopped: Promise<void> | undefined
  const flush = async (): Promise<void> => {
    last = last.then(() => Promise.allSettled([tracers.forceFlush(), loggers.forceFlush()]))
    await last
  }
  const stop = async (): Promise<void> => {
    stopFetch()
    const sent = flush().then(() => Promise.allSettled([tracers.shutdown(), loggers.shutdown()]))
    if (!(await within(shutdownTimeoutMs, sent))) giveUp()
    trace.disable()
    logs.disable()
    context.disable()
    propagation.disable()
  }
  return { flush, shutdown: () => (stopped ??= stop()) }
}

/** Whether `work` settles in time. */
async function within(timeoutMs: number, work: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), timeoutMs)
  })
  const inTime = await Promise.race([work.then(() => true), late])
  clearTimeout(timer)
  return inTime
}
