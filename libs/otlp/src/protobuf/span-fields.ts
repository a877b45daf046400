import { OtlpError } from '../errors.ts'
import type { AttributeWriter } from './attribute-writer.ts'
import { FieldRange, FieldRanges } from './field-range.ts'
import { I64, LEN, VARINT, WireReader } from './wire-reader.ts'

/**
 * Where the fields of an `opentelemetry.proto.trace.v1.Span` lie.
 *
 * The envelopes of all signals share their field numbers, so logs and metrics sent here look like spans; fields of another wire
 * type give them away.
 */
export class SpanFields {
  readonly traceId = new FieldRange()
  readonly spanId = new FieldRange()
  readonly parentSpanId = new FieldRange()
  readonly traceState = new FieldRange()
  readonly name = new FieldRange()
  readonly statusMessage = new FieldRange()
  readonly events = new FieldRanges()
  readonly links = new FieldRanges()
  kind = 0
  statusCode = 0
  startLow = 0
  startHigh = 0
  endLow = 0
  endHigh = 0
  readonly #reader = new WireReader()
  readonly #statusReader = new WireReader()

  /** Reads the span `source[start, stop)`; its attributes are gathered by their writer. */
  read(source: Buffer, start: number, stop: number, attributes: AttributeWriter): void {
    this.#clear()
    attributes.begin()
    const reader = this.#reader.open(source, start, stop)
    while (reader.next()) {
      switch (reader.tag) {
        case (1 << 3) | LEN:
          this.traceId.take(reader)
          break
        case (2 << 3) | LEN:
          this.spanId.take(reader)
          break
        case (3 << 3) | LEN:
          this.traceState.take(reader)
          break
        case (4 << 3) | LEN:
          this.parentSpanId.take(reader)
          break
        case (5 << 3) | LEN:
          this.name.take(reader)
          break
        case (6 << 3) | VARINT:
          this.kind = reader.int32()
          break
        case (7 << 3) | I64:
          reader.fixed64()
          this.startLow = reader.low
          this.startHigh = reader.high
          break
        case (8 << 3) | I64:
          reader.fixed64()
          this.endLow = reader.low
          this.endHigh = reader.high
          break
        case (9 << 3) | LEN:
          reader.range()
          attributes.add(source, reader.start, reader.stop)
          break
        case (11 << 3) | LEN:
          this.events.take(reader)
          break
        case (13 << 3) | LEN:
          this.links.take(reader)
          break
        case (15 << 3) | LEN:
          reader.range()
          this.#readStatus(source, reader.start, reader.stop)
          break
        case (1 << 3) | I64: // LogRecord.time_unix_nano
        case (2 << 3) | VARINT: // LogRecord.severity_number
        case (11 << 3) | I64: // LogRecord.observed_time_unix_nano
          throw wrongEndpoint('log records', '/v1/logs')
        case (7 << 3) | LEN: // Metric.sum
          throw wrongEndpoint('metrics', '/v1/metrics')
        default:
          reader.skip()
      }
    }
  }

  #clear(): void {
    this.traceId.clear()
    this.spanId.clear()
    this.parentSpanId.clear()
    this.traceState.clear()
    this.name.clear()
    this.statusMessage.clear()
    this.events.clear()
    this.links.clear()
    this.kind = this.statusCode = 0
    this.startLow = this.startHigh = this.endLow = this.endHigh = 0
  }

  #readStatus(source: Buffer, start: number, stop: number): void {
    const reader = this.#statusReader.open(source, start, stop)
    while (reader.next()) {
      switch (reader.tag) {
        case (2 << 3) | LEN:
          this.statusMessage.take(reader)
          break
        case (3 << 3) | VARINT:
          this.statusCode = reader.int32()
          break
        default:
          reader.skip()
      }
    }
  }
}

function wrongEndpoint(what: string, path: string): OtlpError {
  return new OtlpError('WRONG_ENDPOINT', `/v1/traces was sent ${what}; send them to ${path}.`)
}
