import { metrics } from '@opentelemetry/api'
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-proto'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import type { Resource } from '@opentelemetry/resources'
import { LoggerProvider, type LogRecordExporter, type ReadableLogRecord } from '@opentelemetry/sdk-logs'
import { type ReadableSpan, type SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace'
import type { EventPolicy } from '../emission/event-policy.ts'
import { eventLimits } from '../work/limits.ts'
import { BatchQueue } from './batch-queue.ts'
import type { Destination } from './environment.ts'
import { EventLoggers } from './event-loggers.ts'
import type { ExportRequests } from './export-requests.ts'
import { LossReport } from './loss-report.ts'
import type { ResolvedDelivery } from './options.ts'
import { QueuedEvents } from './queued-events.ts'
import { QueuedSpans } from './queued-spans.ts'
import { SpanRedaction } from './span-redaction.ts'

/** Attributes that a log record of others may have. An event has limits of its own. */
const MAX_RECORD_ATTRIBUTES = 4 * eventLimits.maxFields

/** What {@link createPipelines} needs. */
export interface PipelineOptions {
  readonly destination: Destination
  readonly delivery: ResolvedDelivery
  readonly resource: Resource
  readonly policy: EventPolicy
  readonly requests: ExportRequests
  readonly exporters?: { readonly spans: SpanExporter; readonly events: LogRecordExporter }
}

/** The ways of spans and events, from the API to the receiver. */
export interface Pipelines {
  readonly tracers: TracerProvider
  readonly loggers: EventLoggers
  readonly spans: BatchQueue<ReadableSpan>
  readonly events: BatchQueue<ReadableLogRecord>
  flush(): Promise<void>
  shutdown(): Promise<void>
  /** Lets every further export fail. */
  giveUp(): void
  /** Emits an event about what was lost, when there is something new to say. */
  reportLosses(): void
}

/** Builds both. Providers, spans, others' log records and exporters are OpenTelemetry's; events and the queues are ours. */
export function createPipelines({ destination, delivery, resource, policy, requests, exporters }: PipelineOptions): Pipelines {
  const meterProvider = metrics.getMeterProvider()
  const otlp = { headers: destination.headers, timeoutMillis: delivery.exportTimeoutMs, selfObsMeterProvider: meterProvider }
  const spans = new BatchQueue<ReadableSpan>({
    ...delivery,
    meterProvider,
    signal: 'span',
    exporter: exporters?.spans ?? new OTLPTraceExporter({ ...otlp, url: destination.tracesUrl }),
    onExport: () => requests.forget(destination.tracesUrl),
  })
  const report = new LossReport(() => ({ events: events.dropped, spans: spans.dropped, suppressed: policy.suppressedTotal }))
  const events: BatchQueue<ReadableLogRecord> = new BatchQueue<ReadableLogRecord>({
    ...delivery,
    meterProvider,
    signal: 'log',
    exporter: exporters?.events ?? new OTLPLogExporter({ ...otlp, url: destination.logsUrl }),
    onExport: () => requests.forget(destination.logsUrl),
    onExported: () => report.send(),
  })
  const tracers = new TracerProvider({ resource, spanProcessors: [new SpanRedaction(), new QueuedSpans(spans, policy.sampling)] })
  const others = new LoggerProvider({ resource, logRecordLimits: { attributeCountLimit: MAX_RECORD_ATTRIBUTES }, processors: [new QueuedEvents(events)] })
  return {
    tracers,
    loggers: new EventLoggers(others, resource, events),
    spans,
    events,
    flush: async () => void (await Promise.all([spans.flush(), events.flush()])),
    shutdown: async () => void (await Promise.allSettled([tracers.shutdown(), others.shutdown()])),
    giveUp(): void {
      spans.stop()
      events.stop()
    },
    reportLosses: () => report.send(),
  }
}
