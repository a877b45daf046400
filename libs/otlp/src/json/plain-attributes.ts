import { BytePattern } from './byte-pattern.ts'
import { MINUS, QUOTE, ZERO } from './json-bytes.ts'
import type { JsonText } from './json-text.ts'
import { intValue } from './messages.ts'
import type { ScalarWriter } from './scalar-writer.ts'
import type { WireWriter } from './wire-writer.ts'

/** The fixed parts of `{"key":"a","value":{"stringValue":"b"}}`. */
const ATTRIBUTE = new BytePattern('{"key":"')
const TEXT_VALUE = new BytePattern(',"value":{"stringValue":"')

/** The same for `{"key":"a","value":{"intValue":"1"}}`, perhaps without the last quotes. */
const INTEGER_VALUE = new BytePattern(',"value":{"intValue":')

/** Tags: KeyValue.key and AnyValue.string_value, KeyValue.value. */
const FIRST_TEXT = (1 << 3) | 2
const SECOND_MESSAGE = (2 << 3) | 2

/** All its lengths fit one byte. */
const SHORT_ATTRIBUTE = 128

/** Tags and lengths, and a word that a text may be copied beyond its end. */
const FIXED_BYTES = 16

/**
 * Rewrites what nearly all attributes are: a short key and a short text or an integer, without white space. The road of all other
 * messages gives the same bytes, at about three times the cost.
 */
export class PlainAttributes {
  readonly #text: JsonText
  readonly #wire: WireWriter
  readonly #scalars: ScalarWriter

  constructor(text: JsonText, wire: WireWriter, scalars: ScalarWriter) {
    this.#text = text
    this.#wire = wire
    this.#scalars = scalars
  }

  /** Passes over the attribute that begins here and writes it; `false`, and nothing has happened, when it is no plain one. */
  rewrite(tag: number): boolean {
    const text = this.#text
    const wire = this.#wire
    const { at, loneSurrogates } = text
    if (!text.pass(ATTRIBUTE)) return false
    const before = wire.at
    wire.reserve(text.end - at + FIXED_BYTES)
    wire.at += 4
    text.copyRest(wire)
    const value = wire.at
    if ((this.#textValue() || this.#integerValue()) && wire.at - before < SHORT_ATTRIBUTE && text.passBraces()) {
      const { bytes } = wire
      bytes[before] = tag
      bytes[before + 1] = wire.at - before - 2
      bytes[before + 2] = FIRST_TEXT
      bytes[before + 3] = value - before - 4
      bytes[value] = SECOND_MESSAGE
      bytes[value + 1] = wire.at - value - 2
      return true
    }
    text.at = at
    text.loneSurrogates = loneSurrogates
    wire.at = before
    return false
  }

  /** Writes the value if it is a text, but for its own tag and length. */
  #textValue(): boolean {
    const text = this.#text
    if (!text.pass(TEXT_VALUE)) return false
    const wire = this.#wire
    const value = wire.at
    wire.at += 4
    text.copyRest(wire)
    wire.bytes[value + 2] = FIRST_TEXT
    wire.bytes[value + 3] = wire.at - value - 4
    return true
  }

  /** The same if it is an integer. */
  #integerValue(): boolean {
    const text = this.#text
    if (!text.pass(INTEGER_VALUE)) return false
    const byte = text.peek()
    if (byte !== QUOTE && byte !== MINUS && byte - ZERO >>> 0 > 9) return false
    const wire = this.#wire
    wire.at += 2
    wire.byte(intValue.tag)
    return this.#scalars.write(intValue, byte) === undefined
  }
}
