import { brokenJson } from './broken-json.ts'
import {
  BACKSLASH, CARRIAGE_RETURN, COLON, DOT, END, LETTER_E, LETTER_N, LETTER_T, LETTER_U, LINE_FEED, MINUS, PLUS, QUOTE, SPACE, TAB, ZERO,
} from './json-bytes.ts'
import type { WireWriter } from './wire-writer.ts'

const TRUE = Buffer.from('true')
const FALSE = Buffer.from('false')
const NULL = Buffer.from('null')
const NO_BYTES = Buffer.alloc(0)

/** What a letter after a backslash stands for, by the letter. */
const ESCAPES = new Uint8Array(128)
for (const [letter, meaning] of ['""', '\\\\', '//', 'b\b', 'f\f', 'n\n', 'r\r', 't\t']) ESCAPES[letter!.charCodeAt(0)] = meaning!.charCodeAt(0)

const REPLACEMENT_CHARACTER = 0xfffd

/** Walks over the bytes of a JSON text (RFC 8259) that is known to be UTF-8. Never reads outside it; whatever is not JSON throws. */
export class JsonText {
  source: Buffer = NO_BYTES
  /** The next byte. */
  at = 0
  end = 0
  /** Halves of surrogate pairs that were met alone: they have become U+FFFD. */
  loneSurrogates = 0

  open(source: Buffer): void {
    this.source = source
    this.at = 0
    this.end = source.length
    this.loneSurrogates = 0
  }

  /** Lets go of the text. */
  close(): void {
    this.source = NO_BYTES
  }

  /** Goes to the next byte that is no white space, and gives it; `END` at the end. */
  peek(): number {
    const { source, end } = this
    for (let at = this.at; at < end; at++) {
      const byte = source[at]!
      if (byte > SPACE || (byte !== SPACE && byte !== LINE_FEED && byte !== CARRIAGE_RETURN && byte !== TAB)) {
        this.at = at
        return byte
      }
    }
    this.at = end
    return END
  }

  /** Passes over the key that is here if it is this one, quotes included. */
  passKey(key: Buffer): boolean {
    const { source, at } = this
    const { length } = key
    if (this.end - at < length) return false
    for (let index = length - 1; index > 0; index--) if (source[at + index] !== key[index]) return false
    this.at = at + length
    return true
  }

  /** Passes over the colon after a key. */
  passColon(): void {
    if (this.peek() !== COLON) throw this.unexpected()
    this.at++
  }

  /** Passes over `true`, `false` or `null`, of which the first letter is here. */
  passLiteral(first: number): void {
    const literal = first === LETTER_N ? NULL : first === LETTER_T ? TRUE : FALSE
    if (!this.passKey(literal)) throw this.unexpected()
  }

  /** Passes over a string, which begins here, without decoding it; `false` when it has escapes. Leaves nothing unchecked. */
  passString(): boolean {
    const { source, end } = this
    let plain = true
    for (let at = this.at + 1; at < end; at++) {
      const byte = source[at]!
      if (byte > BACKSLASH) continue
      if (byte === QUOTE) {
        this.at = at + 1
        return plain
      }
      if (byte === BACKSLASH) {
        plain = false
        this.at = at
        this.#passEscape()
        at = this.at - 1
      } else if (byte < SPACE) throw this.#unexpectedAt(at)
    }
    throw this.#unexpectedAt(end)
  }

  /** Passes over the string that begins here, and writes what it means. The writer must have room for what is left of the text. */
  copyString(wire: WireWriter): void {
    const { source, end } = this
    const { bytes } = wire
    let from = this.at + 1
    let to = wire.at
    while (from < end) {
      const byte = source[from]!
      if (byte <= BACKSLASH) {
        if (byte === QUOTE) {
          this.at = from + 1
          wire.at = to
          return
        }
        if (byte === BACKSLASH) {
          this.at = from
          wire.at = to
          this.#writeCodePoint(wire, this.#passEscape())
          from = this.at
          to = wire.at
          continue
        }
        if (byte < SPACE) throw this.#unexpectedAt(from)
      }
      bytes[to++] = byte
      from++
    }
    throw this.#unexpectedAt(end)
  }

  /** Passes over a number, which begins here. */
  passNumber(): void {
    if (this.#byteAt(this.at) === MINUS) this.at++
    if (this.#byteAt(this.at) === ZERO) this.at++
    else this.#passDigits()
    if (this.#byteAt(this.at) === DOT) {
      this.at++
      this.#passDigits()
    }
    if ((this.#byteAt(this.at) | SPACE) === LETTER_E) {
      this.at++
      const sign = this.#byteAt(this.at)
      if (sign === MINUS || sign === PLUS) this.at++
      this.#passDigits()
    }
  }

  /** What is here cannot be here. */
  unexpected(): Error {
    return this.#unexpectedAt(this.at)
  }

  #unexpectedAt(at: number): Error {
    return brokenJson(this.source, at)
  }

  #byteAt(at: number): number {
    return at < this.end ? this.source[at]! : END
  }

  #passDigits(): void {
    const { source, end, at: start } = this
    let at = start
    while (at < end && source[at]! - ZERO >>> 0 < 10) at++
    if (at === start) throw this.#unexpectedAt(at)
    this.at = at
  }

  /** Passes over an escape sequence; a pair of surrogates is one. Gives its code point, which may be half a pair. */
  #passEscape(): number {
    const letter = this.#byteAt(this.at + 1)
    if (letter !== LETTER_U) {
      const meaning = letter > 0 && letter < 128 ? ESCAPES[letter]! : 0
      if (meaning === 0) throw this.#unexpectedAt(this.at + 1)
      this.at += 2
      return meaning
    }
    const unit = this.#hexUnit(this.at + 2)
    this.at += 6
    if (unit < 0xd800 || unit > 0xdfff) return unit
    if (unit < 0xdc00 && this.#byteAt(this.at) === BACKSLASH && this.#byteAt(this.at + 1) === LETTER_U) {
      const low = this.#hexUnit(this.at + 2)
      if (low >= 0xdc00 && low <= 0xdfff) {
        this.at += 6
        return 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00)
      }
    }
    return unit
  }

  #writeCodePoint(wire: WireWriter, codePoint: number): void {
    const alone = codePoint >= 0xd800 && codePoint <= 0xdfff
    if (alone) this.loneSurrogates++
    const code = alone ? REPLACEMENT_CHARACTER : codePoint
    if (code < 0x80) wire.byte(code)
    else {
      if (code < 0x800) wire.byte(0xc0 | (code >> 6))
      else {
        if (code < 0x10000) wire.byte(0xe0 | (code >> 12))
        else {
          wire.byte(0xf0 | (code >> 18))
          wire.byte(0x80 | ((code >> 12) & 0x3f))
        }
        wire.byte(0x80 | ((code >> 6) & 0x3f))
      }
      wire.byte(0x80 | (code & 0x3f))
    }
  }

  #hexUnit(start: number): number {
    let unit = 0
    for (let at = start; at < start + 4; at++) {
      const digit = hexDigit(this.#byteAt(at))
      if (digit < 0) throw this.#unexpectedAt(at)
      unit = unit * 16 + digit
    }
    return unit
  }
}

/** The value of a hex digit in either case, or -1. */
export function hexDigit(byte: number): number {
  if (byte >= ZERO && byte <= 0x39) return byte - ZERO
  const letter = byte | SPACE
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1
}
