import type { ExportResult } from '@opentelemetry/core'
import { InMemoryLogRecordExporter, type ReadableLogRecord } from '@opentelemetry/sdk-logs'
import { InMemorySpanExporter, type ReadableSpan } from '@opentelemetry/sdk-trace'
import { startTelemetry, type TelemetryOptions } from '../src/index.ts'

/** The real SDK with exporters that keep what they get. */
export function inMemoryTelemetry(options: Partial<TelemetryOptions> = {}) {
  const spanExporter = new InMemorySpanExporter()
  const eventExporter = new InMemoryLogRecordExporter()
  // The exporter forgets what it has when it is shut down; this does not.
  const kept: ReadableLogRecord[] = []
  const keep = eventExporter.export.bind(eventExporter)
  eventExporter.export = (records: ReadableLogRecord[], done: (result: ExportResult) => void): void => {
    kept.push(...records)
    keep(records, done)
  }
  const telemetry = startTelemetry({ service: 'demo', exporters: { spans: spanExporter, events: eventExporter }, ...options })
  return {
    telemetry,
    /** Events that were exported, also after a shutdown. */
    keptEvents: (): readonly ReadableLogRecord[] => kept,
    async spans(): Promise<ReadableSpan[]> {
      await telemetry.flush()
      return spanExporter.getFinishedSpans()
    },
    async events(): Promise<ReadableLogRecord[]> {
      await telemetry.flush()
      return eventExporter.getFinishedLogRecords()
    },
  }
}
