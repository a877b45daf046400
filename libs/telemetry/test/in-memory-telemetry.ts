import { InMemoryLogRecordExporter, type ReadableLogRecord } from '@opentelemetry/sdk-logs'
import { InMemorySpanExporter, type ReadableSpan } from '@opentelemetry/sdk-trace'
import { startTelemetry, type TelemetryOptions } from '../src/index.ts'

/** The real SDK with exporters that keep what they get. */
export function inMemoryTelemetry(options: Partial<TelemetryOptions> = {}) {
  const spanExporter = new InMemorySpanExporter()
  const eventExporter = new InMemoryLogRecordExporter()
  const telemetry = startTelemetry({ service: 'demo', exporters: { spans: spanExporter, events: eventExporter }, ...options })
  return {
    telemetry,
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
