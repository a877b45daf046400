import { isUtf8 } from 'node:buffer'
import type { StringColumn } from '@ballast/clickhouse'
import { OtlpError } from '../errors.ts'
import type { AnyValue } from '../record/any-value.ts'
import type { Tally } from '../record/tally.ts'
import { valueText } from '../rows/attribute-text.ts'
import { ARRAY, BOOL, BYTES, DOUBLE, INT, KVLIST, STRING } from './any-value-range.ts'
import { decodeArray, decodeKeyValueList } from './decode-attributes.ts'
import type { Flaw } from './flaw.ts'
import { appendInteger } from './integer-text.ts'
import { WireReader } from './wire-reader.ts'

/** Whole doubles below this are written like integers: the shortest text of each is its digits. */
const MAX_PLAIN_DOUBLE = 2 ** 53

/** Writes values of any kind as texts. */
export class ValueWriter {
  readonly #flaw: Flaw
  readonly #reader = new WireReader()
  #tally: Tally

  constructor(flaw: Flaw, tally: Tally) {
    this.#flaw = flaw
    this.#tally = tally
  }

  begin(tally: Tally): void {
    this.#tally = tally
  }

  /** Adds `source[start, stop)`, which must be UTF-8. */
  appendString(column: StringColumn, source: Buffer, start: number, stop: number): void {
    // A view is made only for texts that are long or not ASCII.
    if (!column.appendBytes(source, start, stop) && !isUtf8(source.subarray(start, stop))) this.#flaw.notUtf8('a text')
  }

  /** Adds what an `AnyValueRange` found. */
  append(column: StringColumn, source: Buffer, kind: number, start: number, stop: number): void {
    switch (kind) {
      case STRING:
        this.appendString(column, source, start, stop)
        return
      case INT: {
        const reader = this.#reader.open(source, start, stop)
        reader.varint()
        appendInteger(column, reader.low, reader.high)
        return
      }
      case BOOL: {
        const reader = this.#reader.open(source, start, stop)
        reader.varint()
        column.appendText(reader.low === 0 && reader.high === 0 ? 'false' : 'true')
        return
      }
      case DOUBLE:
        this.#appendDouble(column, source.readDoubleLE(start))
        return
      case BYTES:
        column.appendText(source.toString('base64', start, stop))
        return
      case ARRAY:
        this.#appendNested(column, () => decodeArray(source, start, stop))
        return
      case KVLIST:
        this.#appendNested(column, () => decodeKeyValueList(source, start, stop))
        return
      default:
        column.appendEmpty()
    }
  }

  #appendDouble(column: StringColumn, value: number): void {
    if (Number.isInteger(value) && value > -MAX_PLAIN_DOUBLE && value < MAX_PLAIN_DOUBLE) {
      appendInteger(column, value >>> 0, Math.floor(value / 2 ** 32) >>> 0)
    } else column.appendText(String(value))
  }

  #appendNested(column: StringColumn, decode: () => AnyValue): void {
    try {
      column.appendText(valueText(decode(), this.#tally))
    } catch (error) {
      if (!(error instanceof OtlpError) || error.code === 'INVALID_PROTOBUF') throw error
      this.#flaw.set(error.code === 'NESTED_TOO_DEEP' ? 'nested_too_deep' : 'invalid_utf8', error.message)
      column.appendEmpty()
    }
  }
}
