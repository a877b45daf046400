import { hostname } from 'node:os'
import { context, logs, metrics, propagation, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core'
import { defaultResource, type Resource, resourceFromAttributes } from '@opentelemetry/resources'
import { ATTR_SERVICE_NAME } from '@opentelemetry/semantic-conventions'
import { activate, EventPolicy } from '../emission/event-policy.ts'
import { startHeartbeats } from '../emission/heartbeats.ts'
import { abandonOpenWorks } from '../emission/open-works.ts'
import { TelemetryError } from '../errors.ts'
import { instrumentFetch } from '../fetch/outgoing-fetch.ts'
import { type Destination, resolveDestination } from './environment.ts'
import { deliverAtExit } from './exit-delivery.ts'
import { ExportRequests } from './export-requests.ts'
import { exportMetrics } from './metric-export.ts'
import { resolveDelivery, telemetryDefaults, type TelemetryOptions } from './options.ts'
import { createPipelines, type Pipelines } from './pipelines.ts'
import { onProcessEnd } from './process-end.ts'

/** What `startTelemetry` started. */
export interface Telemetry {
  /** Sends what waits. Resolves also when it could not be sent: telemetry is never a reason to fail. */
  flush(): Promise<void>
  /**
   * Ends the units of work that still run, as aborted; sends what waits, within the deadline; gives the global OpenTelemetry API back.
   * Once; later calls return the first one's promise.
   */
  shutdown(): Promise<void>
}

/**
 * Sets up OpenTelemetry for this process: traces and events over OTLP/HTTP protobuf, W3C trace context and baggage, and outgoing `fetch`.
 * Queues are bounded, so a receiver that is away costs neither time nor memory; what is dropped is counted, in metrics on the meter provider
 * that is registered when this is called, and in an event once the receiver is back. A service with its own OpenTelemetry set-up does not call it.
 *
 * @throws {@link TelemetryError} `OPTION_INVALID`, `ALREADY_STARTED`.
 */
export function startTelemetry(options: TelemetryOptions): Telemetry {
  const destination = resolveDestination(options)
  const delivery = resolveDelivery(options)
  if (destination.disabled) return { flush: async () => {}, shutdown: async () => {} }

  const resource = resourceOf(destination)
  const source = typeof options.metrics === 'object' ? options.metrics : undefined
  const meters = options.metrics === true || source !== undefined ? exportMetrics(destination, resource, delivery, source) : undefined
  const hasGlobalMeters = meters !== undefined && source === undefined
  const policy = new EventPolicy({ ...(options.sampling !== undefined && { sampling: options.sampling }), ...(options.floods !== undefined && { floods: options.floods }) })
  const requests = new ExportRequests([destination.tracesUrl, destination.logsUrl])
  const pipelines = createPipelines({ destination, delivery, resource, policy, requests, ...(options.exporters !== undefined && { exporters: options.exporters }) })
  try {
    register(pipelines)
  } catch (error) {
    requests.close()
    if (hasGlobalMeters) metrics.disable()
    void meters?.shutdown().catch(() => {})
    throw error
  }
  const stops = [activate(policy), () => requests.close()]
  if (options.fetch !== false) stops.push(instrumentFetch(options.dependencies === undefined ? {} : { dependencies: options.dependencies }))
  if (delivery.heartbeatMs !== undefined) stops.push(startHeartbeats(delivery.heartbeatMs))

  let stopped: Promise<void> | undefined
  const stop = async (): Promise<void> => {
    abandonOpenWorks('shutdown')
    pipelines.reportLosses()
    // Metrics last, so that they say what became of the rest.
    const sent = pipelines.shutdown().then(() => meters?.shutdown().catch(() => {}))
    if (!(await within(delivery.shutdownTimeoutMs, sent))) pipelines.giveUp()
    for (const each of stops) each()
    for (const api of [trace, logs, context, propagation, ...(hasGlobalMeters ? [metrics] : [])]) api.disable()
  }
  const telemetry: Telemetry = { flush: () => pipelines.flush(), shutdown: () => (stopped ??= stop()) }
  if (options.exit ?? telemetryDefaults.exit) {
    const deliverNow = options.exporters === undefined ? () => deliverAtExit({ destination, requests, spans: pipelines.spans, events: pipelines.events }) : () => {}
    stops.push(onProcessEnd({ shutdown: () => telemetry.shutdown(), deliverNow }))
  }
  return telemetry
}

/** What the process knows about itself at once. OpenTelemetry's own detectors would add the command line, where people put secrets. */
function resourceOf(destination: Destination): Resource {
  const detected = {
    'host.name': hostname(),
    'os.type': process.platform === 'win32' ? 'windows' : process.platform,
    'process.pid': process.pid,
    'process.runtime.name': 'nodejs',
    'process.runtime.version': process.versions.node,
  }
  return defaultResource().merge(resourceFromAttributes({ ...detected, ...destination.resource, [ATTR_SERVICE_NAME]: destination.service }))
}

function register({ tracers, loggers }: Pipelines): void {
  if (!trace.setGlobalTracerProvider(tracers)) {
    throw new TelemetryError('ALREADY_STARTED', 'this process has an OpenTelemetry set-up already; call startTelemetry once, or not at all where another SDK is started')
  }
  logs.setGlobalLoggerProvider(loggers)
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  propagation.setGlobalPropagator(new CompositePropagator({ propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()] }))
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
