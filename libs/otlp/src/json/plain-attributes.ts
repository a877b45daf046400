import { BytePattern } from './byte-pattern.ts'
import type { JsonText } from './json-text.ts'
import type { WireWriter } from './wire-writer.ts'

/** The fixed parts of `{"key":"a","value":{"stringValue":"b"}}`. */
const ATTRIBUTE = new BytePattern('{"key":"')
const TEXT_VALUE = new BytePattern(',"value":{"stringValue":"')

/** Tags: KeyValue.key and AnyValue.string_value, KeyValue.value. */
const FIRST_TEXT = (1 << 3) | 2
const SECOND_MESSAGE = (2 << 3) | 2

/** All its lengths fit one byte. */
const SHORT_ATTRIBUTE = 128

/** Tags and lengths, and a word that a text may be copied beyond its end. */
const FIXED_BYTES = 16

/**
 * Rewrites what nearly all attributes are: a short key and a short text, without white space. The road of all other messages gives
 * the same bytes, at about three times the cost.
 */
export class PlainAttributes {
  readonly #text: JsonText
  readonly #wire: WireWriter

  constructor(text: JsonText, wire: WireWriter) {
    this.#text = text
    this.#wire = wire
  }

  /** Passes over the attribute that begins here and writes it; `false`, and nothing has happened, when it is no plain one. */
  rewrite(tag: number): boolean {
    const text = this.#text
    const wire = this.#wire
    const { at, loneSurrogates } = text
    if (!text.pass(ATTRIBUTE)) return false
    const before = wire.at
    wire.reserve(text.end - at + FIXED_BYTES)
    const { bytes } = wire
    wire.at += 4
    text.copyRest(wire)
    const value = wire.at
    if (text.pass(TEXT_VALUE)) {
      wire.at += 4
      text.copyRest(wire)
      if (wire.at - before < SHORT_ATTRIBUTE && text.passBraces()) {
        bytes[before] = tag
        bytes[before + 1] = wire.at - before - 2
        bytes[before + 2] = FIRST_TEXT
        bytes[before + 3] = value - before - 4
        bytes[value] = SECOND_MESSAGE
        bytes[value + 1] = wire.at - value - 2
        bytes[value + 2] = FIRST_TEXT
        bytes[value + 3] = wire.at - value - 4
        return true
      }
    }
    text.at = at
    text.loneSurrogates = loneSurrogates
    wire.at = before
    return false
  }
}
