import { isUtf8 } from 'node:buffer'
import { MAX_LOOKED_AT, NOT_ASCII, type StringColumn } from '@ballast/clickhouse'
import { OtlpError } from '../errors.ts'
import { cutAt, NO_LIMIT } from '../limits.ts'
import type { AnyValue } from '../record/any-value.ts'
import { Tally } from '../record/tally.ts'
import type { Redactor } from '../redaction/redactor.ts'
import type { TextSieve } from '../redaction/text-sieve.ts'
import { valueText } from '../rows/attribute-text.ts'
import type { TranscodeOptions } from '../transcoded-block.ts'
import { ARRAY, BOOL, BYTES, DOUBLE, INT, KVLIST, STRING } from './any-value-range.ts'
import { decodeArray, decodeKeyValueList } from './decode-attributes.ts'
import type { Flaw } from './flaw.ts'
import { appendInteger } from './integer-text.ts'
import { WireReader } from './wire-reader.ts'

/** Whole doubles below this are written like integers: the shortest text of each is its digits. */
const MAX_PLAIN_DOUBLE = 2 ** 53

/** Writes values of any kind as texts: without what value rules redact, and no longer than the limit. */
export class ValueWriter {
  readonly redactor: Redactor
  /** Set when a rule dropped a value; an empty text was added instead. Who can leave the value out does so, and sets it back. */
  dropped = false
  readonly #flaw: Flaw
  readonly #limit: 'maxValueBytes' | 'maxBodyBytes'
  readonly #reader = new WireReader()
  readonly #textOf = (value: AnyValue): string => valueText(value, this.#tally)
  #tally = new Tally()
  #maxBytes = NO_LIMIT
  /** Texts of fewer bytes are neither too long nor can they hold what rules search for. */
  #carefulFrom = NO_LIMIT
  #sieve: TextSieve | undefined
  /** Texts of so many bytes can be looked over while they are copied. */
  #harmlessTo = 0

  constructor(flaw: Flaw, redactor: Redactor, limit: 'maxValueBytes' | 'maxBodyBytes' = 'maxValueBytes') {
    this.#flaw = flaw
    this.redactor = redactor
    this.#limit = limit
  }

  /** Begins a request, after the redactor did. */
  begin({ limits }: TranscodeOptions, tally: Tally): void {
    this.#tally = tally
    this.#maxBytes = limits?.[this.#limit] ?? NO_LIMIT
    this.#sieve = this.redactor.sieve
    this.#harmlessTo = this.#sieve?.whileCopied === undefined ? 0 : Math.min(this.#maxBytes, MAX_LOOKED_AT)
    this.#carefulFrom = Math.min(this.#maxBytes + 1, this.redactor.minLength)
  }

  /** Adds `source[start, stop)`, which must be UTF-8. */
  appendString(column: StringColumn, source: Buffer, start: number, stop: number): void {
    if (stop - start < this.#carefulFrom) this.#appendUtf8(column, source, start, stop)
    else if (stop - start > this.#harmlessTo || !this.#appendHarmless(column, source, start, stop)) this.#appendCarefully(column, source, start, stop)
  }

  /** What nearly all texts need: adds one that is short and holds nothing that rules search for; `false`, and nothing has happened, when it is another. */
  #appendHarmless(column: StringColumn, source: Buffer, start: number, stop: number): boolean {
    const sieve = this.#sieve!
    const before = column.data.length
    const seen = column.appendLookingFor(sieve.whileCopied!, source, start, stop)
    if (seen === 0) return true
    if (sieve.isSuspect(seen, stop - start)) {
      column.removeLast(before)
      return false
    }
    if ((seen & NOT_ASCII) !== 0 && !isUtf8(source.subarray(start, stop))) this.#flaw.notUtf8('a text')
    return true
  }

  #appendUtf8(column: StringColumn, source: Buffer, start: number, stop: number): void {
    // A view is made only for texts that are long or not ASCII.
    if (!column.appendBytes(source, start, stop) && !isUtf8(source.subarray(start, stop))) this.#flaw.notUtf8('a text')
  }

  /** Adds the pseudonym of what an `AnyValueRange` found; nothing has none. */
  appendPseudonym(column: StringColumn, source: Buffer, kind: number, start: number, stop: number): void {
    if (start === stop) column.appendEmpty()
    else if (kind === STRING) this.redactor.appendPseudonym(column, source, start, stop)
    else {
      // Value rules must not change what the pseudonym is of, so the value is not written as others are.
      const text = Buffer.from(this.#plainText(source, kind, start, stop))
      this.redactor.appendPseudonym(column, text, 0, text.length)
    }
  }

  /** Adds what an `AnyValueRange` found. */
  append(column: StringColumn, source: Buffer, kind: number, start: number, stop: number): void {
    switch (kind) {
      case STRING:
        this.appendString(column, source, start, stop)
        return
      case INT: {
        const reader = this.#reader.open(source, start, stop)
        const before = column.data.length
        reader.varint()
        appendInteger(column, reader.low, reader.high)
        this.#lookAtNumber(column, before)
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
        this.#appendBase64(column, source, start, stop)
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
    const before = column.data.length
    if (Number.isInteger(value) && value > -MAX_PLAIN_DOUBLE && value < MAX_PLAIN_DOUBLE) {
      appendInteger(column, value >>> 0, Math.floor(value / 2 ** 32) >>> 0)
    } else column.appendText(String(value))
    this.#lookAtNumber(column, before)
  }

  /** Bytes that are a text are searched as one. */
  #appendBase64(column: StringColumn, source: Buffer, start: number, stop: number): void {
    const suspects = this.redactor.suspects(source, start, stop)
    if (suspects !== 0 && isUtf8(source.subarray(start, stop))) {
      const text = this.redactor.replaced(source, start, stop, suspects)
      if (text !== source.toString('utf8', start, stop)) {
        this.#appendText(column, text)
        return
      }
    }
    this.#appendText(column, source.toString('base64', start, stop))
  }

  #plainText(source: Buffer, kind: number, start: number, stop: number): string {
    switch (kind) {
      case INT:
      case BOOL: {
        const reader = this.#reader.open(source, start, stop)
        reader.varint()
        const value = BigInt.asIntN(64, (BigInt(reader.high) << 32n) | BigInt(reader.low))
        return kind === INT ? String(value) : String(value !== 0n)
      }
      case DOUBLE:
        return String(source.readDoubleLE(start))
      case BYTES:
        return source.toString('base64', start, stop)
      default:
        return this.#nested(() => this.#textOf(kind === ARRAY ? decodeArray(source, start, stop) : decodeKeyValueList(source, start, stop))) ?? ''
    }
  }

  #appendNested(column: StringColumn, decode: () => AnyValue): void {
    const { redactor } = this
    this.#appendText(column, this.#nested(() => {
      const value = redactor.active ? redactor.nested(decode(), this.#textOf) : decode()
      return value === undefined ? undefined : this.#textOf(value)
    }))
  }

  /** Runs what decodes a nested value; where that shows a flaw the text is empty. */
  #nested(text: () => string | undefined): string | undefined {
    try {
      return text()
    } catch (error) {
      if (!(error instanceof OtlpError) || error.code === 'INVALID_PROTOBUF') throw error
      this.#flaw.set(error.code === 'NESTED_TOO_DEEP' ? 'nested_too_deep' : 'invalid_utf8', error.message)
      return ''
    }
  }

  #appendCarefully(column: StringColumn, source: Buffer, start: number, stop: number): void {
    const suspects = this.redactor.suspects(source, start, stop)
    if (suspects !== 0 && isUtf8(source.subarray(start, stop))) {
      this.#appendText(column, this.redactor.replaced(source, start, stop, suspects))
      return
    }
    const end = cutAt(source, start, stop, this.#maxBytes)
    if (end < stop) this.#warnCut()
    this.#appendUtf8(column, source, start, end)
  }

  /** Adds a text that may be too long, or was dropped. */
  #appendText(column: StringColumn, text: string | undefined): void {
    if (text === undefined) {
      this.dropped = true
      column.appendEmpty()
    } else if (text.length * 3 > this.#maxBytes && Buffer.byteLength(text) > this.#maxBytes) {
      const bytes = Buffer.from(text)
      this.#warnCut()
      column.appendBytes(bytes, 0, cutAt(bytes, 0, bytes.length, this.#maxBytes))
    } else column.appendText(text)
  }

  #warnCut(): void {
    this.#tally.warn(this.#limit === 'maxBodyBytes' ? 'body_truncated' : 'value_truncated')
  }

  /** Searches the digits that were just added: card numbers are sent as numbers, too. */
  #lookAtNumber(column: StringColumn, before: number): void {
    const { data } = column
    // Digits are fewer than 128 bytes, so one byte says how many.
    const start = before + 1
    if (data.length - start < this.redactor.minNumberLength) return
    const suspects = this.redactor.suspects(data.bytes, start, data.length)
    if (suspects === 0) return
    const text = this.redactor.replaced(data.bytes, start, data.length, suspects)
    data.length = before
    column.rows--
    this.#appendText(column, text)
  }
}
