import type { Tally } from '../record/tally.ts'
import { expectedOf } from './expected-value.ts'
import { IntegerReader } from './integer-reader.ts'
import { DOT, LETTER_E, LETTER_F, LETTER_N, LETTER_T, QUOTE, SPACE, ZERO } from './json-bytes.ts'
import { HEX_DIGITS, type JsonText } from './json-text.ts'
import { BOOL, BYTES, DOUBLE, ENUM, type Field, FIXED32, FIXED64, ID, INT64, SFIXED64, SINT32, STRING, UINT32, UINT64 } from './message-type.ts'
import { readDouble } from './read-double.ts'
import { WireWriter } from './wire-writer.ts'

const NO_BYTES = Buffer.alloc(0)

const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/

/** An id in base64, as protobuf's own JSON mapping has it: it always ends in padding, which hex never does. */
const PADDED_BASE64 = /^[A-Za-z0-9+/]+={1,2}$/

/** No id has one byte. It stands for an id that cannot be read. */
const NO_ID = 0xff

/** 1 for the kinds that digits are enough for. */
const IS_INTEGER = new Uint8Array(16)
for (const kind of [ENUM, FIXED64, SFIXED64, FIXED32, INT64, UINT64, UINT32, SINT32]) IS_INTEGER[kind] = 1

/** A text may be copied beyond its end by less than this. */
const WORD_BYTES = 4

/** Reads one value that is neither object, array nor plain text, and writes what it is on the wire, without a tag. */
export class ScalarWriter {
  readonly #text: JsonText
  readonly #wire: WireWriter
  readonly #integer = new IntegerReader()
  /** Texts with escapes are decoded here. */
  readonly #scratch = new WireWriter()
  /** The text of the last value, without quotes. */
  #source: Buffer = NO_BYTES
  #start = 0
  #stop = 0
  #enumNames = 0
  #base64Ids = 0

  constructor(text: JsonText, wire: WireWriter) {
    this.#text = text
    this.#wire = wire
  }

  begin(): void {
    this.#enumNames = 0
    this.#base64Ids = 0
  }

  /** Lets go of the text and of memory that only a large one needed. */
  end(): void {
    this.#scratch.end()
    this.#set(NO_BYTES, 0, 0)
  }

  /** Adds what was odd since `begin`. */
  count(tally: Tally): void {
    if (this.#enumNames > 0) tally.warn('enum_name', this.#enumNames)
    if (this.#base64Ids > 0) tally.warn('id_was_base64', this.#base64Ids)
  }

  /**
   * Passes over the value that begins here with `byte` and writes it. If the field cannot have it, says what it can.
   * The writer must have room for 16 bytes.
   */
  write(field: Field, byte: number): string | undefined {
    if (IS_INTEGER[field.kind] === 1 && this.#passDigits(byte === QUOTE)) return this.#writeInteger(field.kind) ? undefined : expectedOf(field)
    if (field.kind === ID && byte === QUOTE && this.#writeHex(field.details.idBytes!)) return undefined
    if (byte === QUOTE) this.#readString()
    else if (byte === LETTER_T || byte === LETTER_F || byte === LETTER_N) {
      this.#text.passLiteral(byte)
      if (field.kind !== BOOL || byte === LETTER_N) return expectedOf(field)
      this.#wire.byte(byte === LETTER_T ? 1 : 0)
      return undefined
    } else this.#readNumber()
    return this.#writeAs(field, byte === QUOTE) ? undefined : expectedOf(field)
  }

  /** The text that begins at `start`, and was found to have escapes, decoded. Good until the next one. */
  decode(start: number): Buffer {
    const text = this.#text
    const scratch = this.#scratch
    scratch.begin(text.at - start + WORD_BYTES)
    text.at = start
    text.copyString(scratch)
    return scratch.bytes.subarray(0, scratch.at)
  }

  /** What nearly all integers are: digits, perhaps in quotes. Passes over them; `false`, and nothing has happened, when there is anything else. */
  #passDigits(quoted: boolean): boolean {
    const text = this.#text
    const { source, end } = text
    const start = quoted ? text.at + 1 : text.at
    const stop = this.#integer.readDigits(source, start, end)
    if (stop === start || stop === end) return false
    const after = source[stop]!
    if (quoted) {
      if (after !== QUOTE) return false
      text.at = stop + 1
      return true
    }
    if (after === DOT || (after | SPACE) === LETTER_E || after - ZERO >>> 0 < 10 || (source[start] === ZERO && stop > start + 1)) return false
    text.at = stop
    return true
  }

  /** What nearly all ids are: as many hex digits as there should be. Passes over them and writes them; `false`, and nothing has happened, when there is anything else. */
  #writeHex(idBytes: number): boolean {
    const text = this.#text
    const stop = text.at + 1 + idBytes * 2
    if (stop >= text.end || text.source[stop] !== QUOTE) return false
    this.#set(text.source, text.at + 1, stop)
    const wire = this.#wire
    const start = wire.open(false)
    if (!this.#copyHex()) {
      wire.at = start - 1
      return false
    }
    wire.close(start, false)
    text.at = stop + 1
    return true
  }

  #readString(): void {
    const { at: start } = this.#text
    if (this.#text.passString()) this.#set(this.#text.source, start + 1, this.#text.at - 1)
    else {
      const decoded = this.decode(start)
      this.#set(decoded, 0, decoded.length)
    }
  }

  #readNumber(): void {
    const { at: start } = this.#text
    this.#text.passNumber()
    this.#set(this.#text.source, start, this.#text.at)
  }

  #set(source: Buffer, start: number, stop: number): void {
    this.#source = source
    this.#start = start
    this.#stop = stop
  }

  #writeAs(field: Field, quoted: boolean): boolean {
    const wire = this.#wire
    switch (field.kind) {
      case ID:
        return quoted && this.#writeId(field)
      case BYTES:
        return quoted && this.#writeBytes()
      case DOUBLE: {
        const value = readDouble(this.#source, this.#start, this.#stop)
        if (value !== undefined) wire.double(value)
        return value !== undefined
      }
      case ENUM:
        return this.#writeEnum(field.details.names!, quoted)
      case BOOL:
      case STRING:
        return false
      default:
        return this.#integer.read(this.#source, this.#start, this.#stop) && this.#writeInteger(field.kind)
    }
  }

  #writeInteger(kind: number): boolean {
    const wire = this.#wire
    const integer = this.#integer
    switch (kind) {
      case FIXED64:
        if (!integer.isUint64) return false
        wire.fixed64(integer.low, integer.high)
        return true
      case SFIXED64:
        if (!integer.isInt64) return false
        wire.fixed64(integer.low, integer.high)
        return true
      case FIXED32:
        if (!integer.isUint32) return false
        wire.fixed32(integer.low)
        return true
      case SINT32: {
        if (!integer.isInt32) return false
        const value = integer.low | 0
        wire.varint(((value << 1) ^ (value >> 31)) >>> 0)
        return true
      }
      default:
        if (!(kind === INT64 ? integer.isInt64 : kind === UINT64 ? integer.isUint64 : kind === UINT32 ? integer.isUint32 : integer.isInt32)) return false
        wire.varint(integer.low, integer.high)
        return true
    }
  }

  #writeEnum(names: readonly string[], quoted: boolean): boolean {
    if (this.#integer.read(this.#source, this.#start, this.#stop)) return this.#writeInteger(ENUM)
    const value = quoted ? names.indexOf(this.#source.toString('latin1', this.#start, this.#stop)) : -1
    if (value === -1) return false
    this.#enumNames++
    this.#wire.varint(value)
    return true
  }

  #writeBytes(): boolean {
    const text = this.#source.toString('latin1', this.#start, this.#stop)
    if (!BASE64.test(text)) return false
    this.#writeBase64(text)
    return true
  }

  #writeBase64(text: string): void {
    const wire = this.#wire
    wire.reserve(text.length + 16)
    const start = wire.open(false)
    wire.at += wire.bytes.write(text, wire.at, 'base64')
    wire.close(start, false)
  }

  /** Hex in any case. Base64 of the right length, which some exporters send, is repaired and counted. */
  #writeId({ details: { idBytes, reason } }: Field): boolean {
    const wire = this.#wire
    const length = this.#stop - this.#start
    wire.reserve(length + 16)
    const start = wire.open(false)
    if (this.#copyHex()) {
      wire.close(start, false)
      return true
    }
    wire.at = start - 1
    if (length === Math.ceil(idBytes! / 3) * 4) {
      const text = this.#source.toString('latin1', this.#start, this.#stop)
      if (PADDED_BASE64.test(text) && Buffer.byteLength(text, 'base64') === idBytes) {
        this.#base64Ids++
        this.#writeBase64(text)
        return true
      }
    }
    if (reason !== undefined) return false
    wire.byte(1)
    wire.byte(NO_ID)
    return true
  }

  #copyHex(): boolean {
    const wire = this.#wire
    const source = this.#source
    const stop = this.#stop
    if ((stop - this.#start) % 2 !== 0) return false
    const { bytes } = wire
    let to = wire.at
    for (let at = this.#start; at < stop; at += 2) {
      const byte = (HEX_DIGITS[source[at]!]! << 4) | HEX_DIGITS[source[at + 1]!]!
      if (byte < 0) return false
      bytes[to++] = byte
    }
    wire.at = to
    return true
  }
}
