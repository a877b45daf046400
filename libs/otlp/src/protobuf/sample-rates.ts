import type { Tally } from '../record/tally.ts'
import { DOUBLE, INT, STRING } from './any-value-range.ts'
import type { AttributeWriter } from './attribute-writer.ts'
import type { SpanFields } from './span-fields.ts'
import { unixNano } from './unix-nano.ts'
import { WireReader } from './wire-reader.ts'

/** Attribute that says how many records of the source this one stands for. `@ballast/telemetry` writes it, and Honeycomb's tools do. */
export const SAMPLE_RATE = Buffer.from('SampleRate')

/** The rejection threshold of consistent probability sampling in a W3C trace state, up to 14 hex digits (OTEP 235). */
const THRESHOLD = /(?:^|,)[ \t]*ot=(?:[^,]*;)?th:([^;,]*)/
const HEX_THRESHOLD = /^[0-9a-f]{1,14}$/
const THRESHOLD_DIGITS = 14
const THRESHOLD_RANGE = 2 ** 56

/** Larger rates are mistakes. */
const MAX_RATE = 2 ** 53

/** Finds the sample rate of records; a bad one counts as 1. */
export class SampleRates {
  readonly #reader = new WireReader()

  /** By the attribute. */
  of(source: Buffer, attributes: AttributeWriter, tally: Tally): number {
    const rate = this.#byAttribute(source, attributes)
    return rate === undefined ? 1 : checked(rate, tally)
  }

  /**
   * By the attribute, else by the trace state. The column holds whole numbers: a rate between two of them becomes the one or the
   * other by the span's id, so that sums are right on average.
   */
  ofSpan(source: Buffer, attributes: AttributeWriter, { traceState, spanId }: SpanFields, tally: Tally): number {
    const rate = this.#byAttribute(source, attributes) ?? (traceState.length === 0 ? undefined : byThreshold(source.toString('latin1', traceState.start, traceState.stop)))
    if (rate === undefined) return 1
    return checked(Number.isInteger(rate) ? rate : Math.floor(rate + source.readUInt32LE(spanId.start) / 2 ** 32), tally)
  }

  #byAttribute(source: Buffer, attributes: AttributeWriter): number | undefined {
    const value = attributes.watched
    if (value === undefined) return undefined
    switch (value.kind) {
      case INT: {
        const reader = this.#reader.open(source, value.start, value.stop)
        reader.varint()
        return Number(BigInt.asIntN(64, unixNano(reader.low, reader.high)))
      }
      case DOUBLE:
        return source.readDoubleLE(value.start)
      case STRING: {
        const text = source.toString('latin1', value.start, Math.min(value.stop, value.start + 32))
        return /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN
      }
      default:
        return Number.NaN
    }
  }
}

function byThreshold(traceState: string): number | undefined {
  const threshold = THRESHOLD.exec(traceState)?.[1]
  if (threshold === undefined) return undefined
  if (!HEX_THRESHOLD.test(threshold)) return Number.NaN
  return THRESHOLD_RANGE / (THRESHOLD_RANGE - Number.parseInt(threshold.padEnd(THRESHOLD_DIGITS, '0'), 16))
}

function checked(rate: number, tally: Tally): number {
  if (rate >= 1 && rate <= MAX_RATE) return Math.round(rate)
  tally.warn('sample_rate_invalid')
  return 1
}
