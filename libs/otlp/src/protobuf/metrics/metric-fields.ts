import { OtlpError } from '../../errors.ts'
import { FieldRange, FieldRanges } from '../field-range.ts'
import { I64, LEN, VARINT, WireReader } from '../wire-reader.ts'

/** Kinds of data of a metric: the numbers of its fields, and 0 for none. */
export const NO_DATA = 0
export const GAUGE = 5
export const SUM = 7
export const HISTOGRAM = 9
export const EXPONENTIAL_HISTOGRAM = 10
export const SUMMARY = 11

/**
 * Where the fields of an `opentelemetry.proto.metrics.v1.Metric` lie.
 *
 * The envelopes of all signals share their field numbers, so spans and logs sent here look like metrics; fields of another wire
 * type give them away.
 */
export class MetricFields {
  readonly name = new FieldRange()
  readonly description = new FieldRange()
  readonly unit = new FieldRange()
  /** `GAUGE`, `SUM` and so on. */
  kind = NO_DATA
  /** The parts of the data: one, unless the sender split it. */
  readonly data = new FieldRanges()
  aggregationTemporality = 0
  isMonotonic = false
  readonly #reader = new WireReader()

  /** Reads the metric `source[start, stop)`. */
  read(source: Buffer, start: number, stop: number): void {
    this.#clear()
    const reader = this.#reader.open(source, start, stop)
    while (reader.next()) {
      switch (reader.tag) {
        case (1 << 3) | LEN:
          this.name.take(reader)
          break
        case (2 << 3) | LEN:
          this.description.take(reader)
          break
        case (3 << 3) | LEN:
          this.unit.take(reader)
          break
        case (GAUGE << 3) | LEN:
        case (SUM << 3) | LEN:
        case (HISTOGRAM << 3) | LEN:
        case (EXPONENTIAL_HISTOGRAM << 3) | LEN:
        case (SUMMARY << 3) | LEN:
          this.#takeData(reader)
          break
        case (1 << 3) | I64: // LogRecord.time_unix_nano
        case (2 << 3) | VARINT: // LogRecord.severity_number
        case (11 << 3) | I64: // LogRecord.observed_time_unix_nano
          throw wrongEndpoint('log records', '/v1/logs')
        case (6 << 3) | VARINT: // Span.kind
        case (7 << 3) | I64: // Span.start_time_unix_nano
        case (8 << 3) | I64: // Span.end_time_unix_nano
          throw wrongEndpoint('spans', '/v1/traces')
        default:
          reader.skip()
      }
    }
    for (let part = 0; part < this.data.count; part++) this.#readData(source, this.data.start(part), this.data.stop(part))
  }

  #clear(): void {
    this.name.clear()
    this.description.clear()
    this.unit.clear()
    this.kind = NO_DATA
    this.data.clear()
    this.aggregationTemporality = 0
    this.isMonotonic = false
  }

  /** The data is a `oneof`: another kind replaces what came before it, the same kind adds to it. */
  #takeData(reader: WireReader): void {
    const kind = reader.tag >>> 3
    if (kind !== this.kind) this.data.clear()
    this.kind = kind
    this.data.take(reader)
  }

  #readData(source: Buffer, start: number, stop: number): void {
    const reader = this.#reader.open(source, start, stop)
    while (reader.next()) {
      switch (reader.tag) {
        case (2 << 3) | VARINT:
          this.aggregationTemporality = reader.int32()
          break
        case (3 << 3) | VARINT:
          reader.varint()
          this.isMonotonic = reader.low !== 0 || reader.high !== 0
          break
        default:
          reader.skip()
      }
    }
  }
}

function wrongEndpoint(what: string, path: string): OtlpError {
  return new OtlpError('WRONG_ENDPOINT', `/v1/metrics was sent ${what}; send them to ${path}.`)
}
