import { OtlpError } from '../errors.ts'
import { AnyValueRange } from './any-value-range.ts'
import type { AttributeWriter } from './attribute-writer.ts'
import { FieldRange } from './field-range.ts'
import { I32, I64, LEN, VARINT, WireReader } from './wire-reader.ts'

/** Where the fields of an `opentelemetry.proto.logs.v1.LogRecord` lie. Spans and metrics begin with a text or bytes field 1 instead of a time. */
export class LogFields {
  readonly severityText = new FieldRange()
  readonly body = new AnyValueRange()
  readonly traceId = new FieldRange()
  readonly spanId = new FieldRange()
  readonly eventName = new FieldRange()
  severityNumber = 0
  flags = 0
  timeLow = 0
  timeHigh = 0
  observedLow = 0
  observedHigh = 0
  readonly #reader = new WireReader()

  /** Reads the log record `source[start, stop)`; its attributes are gathered by their writer. */
  read(source: Buffer, start: number, stop: number, attributes: AttributeWriter): void {
    this.#clear()
    attributes.begin()
    const reader = this.#reader.open(source, start, stop)
    while (reader.next()) {
      switch (reader.tag) {
        case (1 << 3) | I64:
          reader.fixed64()
          this.timeLow = reader.low
          this.timeHigh = reader.high
          break
        case (2 << 3) | VARINT:
          this.severityNumber = reader.int32()
          break
        case (3 << 3) | LEN:
          this.severityText.take(reader)
          break
        case (5 << 3) | LEN:
          reader.range()
          this.body.read(source, reader.start, reader.stop)
          break
        case (6 << 3) | LEN:
          reader.range()
          attributes.add(source, reader.start, reader.stop)
          break
        case (8 << 3) | I32:
          this.flags = reader.fixed32()
          break
        case (9 << 3) | LEN:
          this.traceId.take(reader)
          break
        case (10 << 3) | LEN:
          this.spanId.take(reader)
          break
        case (11 << 3) | I64:
          reader.fixed64()
          this.observedLow = reader.low
          this.observedHigh = reader.high
          break
        case (12 << 3) | LEN:
          this.eventName.take(reader)
          break
        case (1 << 3) | LEN: // Span.trace_id: 16 bytes; or Metric.name: a text
          reader.range()
          throw reader.stop - reader.start === 16
            ? new OtlpError('WRONG_ENDPOINT', '/v1/logs was sent spans; send them to /v1/traces.')
            : new OtlpError('WRONG_ENDPOINT', '/v1/logs was sent metrics or spans; send metrics to /v1/metrics and spans to /v1/traces.')
        default:
          reader.skip()
      }
    }
  }

  #clear(): void {
    this.severityText.clear()
    this.body.clear()
    this.traceId.clear()
    this.spanId.clear()
    this.eventName.clear()
    this.severityNumber = this.flags = 0
    this.timeLow = this.timeHigh = this.observedLow = this.observedHigh = 0
  }
}
