import { brokenJson } from './broken-json.ts'
import { BytePattern } from './byte-pattern.ts'
import {
  BACKSLASH, CARRIAGE_RETURN, CLOSE_BRACE, COLON, DOT, END, LETTER_E, LETTER_N, LETTER_T, LETTER_U, LINE_FEED, MINUS, PLUS, QUOTE, SPACE, TAB, ZERO,
} from './json-bytes.ts'
import type { WireWriter } from './wire-writer.ts'

const TRUE = new BytePattern('true')
const FALSE = new BytePattern('false')
const NULL = new BytePattern('null')
const NO_BYTES = Buffer.alloc(0)

/** What a letter after a backslash stands for, by the letter. */
const ESCAPES = new Uint8Array(128)
for (const [letter, meaning] of ['""', '\\\\', '//', 'b\b', 'f\f', 'n\n', 'r\r', 't\t']) ESCAPES[letter!.charCodeAt(0)] = meaning!.charCodeAt(0)

const REPLACEMENT_CHARACTER = 0xfffd

/** Walks over the bytes of a JSON text (RFC 8259) that is known to be UTF-8. Never reads outside it; whatever is not JSON throws. */
export class JsonText {
  source: Buffer = NO_BYTES
  #view = viewOf(NO_BYTES)
  /** The next byte. */
  at = 0
  end = 0
  /** Halves of surrogate pairs that were met alone: they have become U+FFFD. */
  loneSurrogates = 0

  open(source: Buffer): void {
    this.source = source
    this.#view = viewOf(source)
    this.at = 0
    this.end = source.length
    this.loneSurrogates = 0
  }

  /** Lets go of the text. */
  close(): void {
    this.source = NO_BYTES
    this.#view = viewOf(NO_BYTES)
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

  /** Passes over these bytes if they are here. */
  pass(pattern: BytePattern): boolean {
    const { at } = this
    if (this.end - at < pattern.length || !pattern.isAt(this.#view, at)) return false
    this.at = at + pattern.length
    return true
  }

  /** Passes over two closing braces. */
  passBraces(): boolean {
    const { source, at } = this
    if (at + 1 >= this.end || source[at] !== CLOSE_BRACE || source[at + 1] !== CLOSE_BRACE) return false
    this.at = at + 2
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
    if (!this.pass(literal)) throw this.unexpected()
  }

  /** Passes over a string, which begins here, without decoding it; `false` when it has escapes. Leaves nothing unchecked. */
  passString(): boolean {
    let plain = true
    this.at++
    for (;;) {
      this.at = this.#endOfPlain(this.at)
      const byte = this.#byteAt(this.at)
      if (byte === QUOTE) break
      if (byte !== BACKSLASH) throw this.unexpected()
      plain = false
      this.#passEscape()
    }
    this.at++
    return plain
  }

  /** Passes over the string that begins here, and writes what it means. The writer must have room for what is left of the text, and a word. */
  copyString(wire: WireWriter): void {
    this.at++
    this.copyRest(wire)
  }

  /** The same for a string whose opening quote was passed. */
  copyRest(wire: WireWriter): void {
    const { source, end } = this
    const from = this.#view
    const to = wire.view
    let { at } = wire
    let next = this.at
    for (;;) {
      // Four bytes at a time, up to the first that is not plain; what is copied after it is overwritten.
      let word = 0
      let special = 0
      while (next + 4 <= end) {
        word = from.getInt32(next, true)
        to.setInt32(at, word, true)
        special = specialBytes(word)
        if (special !== 0) break
        next += 4
        at += 4
      }
      const plain = special === 0 ? 0 : firstByte(special)
      next += plain
      at += plain
      const byte = next < end ? source[next]! : END
      if (byte === QUOTE) break
      if (byte === BACKSLASH) {
        this.at = next
        wire.at = at
        this.#writeCodePoint(wire, this.#passEscape())
        next = this.at
        at = wire.at
      } else if (byte < SPACE) throw this.#unexpectedAt(next)
      else {
        // Only in the last three bytes of the text.
        to.setUint8(at++, byte)
        next++
      }
    }
    this.at = next + 1
    wire.at = at
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

  /** Where the first byte is that has a meaning of its own in a string. */
  #endOfPlain(start: number): number {
    const { end } = this
    const view = this.#view
    let at = start
    for (; at + 4 <= end; at += 4) {
      const special = specialBytes(view.getInt32(at, true))
      if (special !== 0) return at + firstByte(special)
    }
    while (at < end && specialBytes(view.getUint8(at) | PLAIN_ABOVE) === 0) at++
    return at
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
      const byte = this.#byteAt(at)
      const digit = byte === END ? -1 : HEX_DIGITS[byte]!
      if (digit < 0) throw this.#unexpectedAt(at)
      unit = unit * 16 + digit
    }
    return unit
  }
}

/** The value of each byte as a hex digit in either case; -1 for all others. */
export const HEX_DIGITS = new Int8Array(256).fill(-1)
for (let digit = 0; digit < 16; digit++) {
  const letter = digit.toString(16)
  HEX_DIGITS[letter.charCodeAt(0)] = HEX_DIGITS[letter.toUpperCase().charCodeAt(0)] = digit
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

const ONES = 0x01010101
const QUOTES = QUOTE * ONES
const BACKSLASHES = BACKSLASH * ONES
const SPACES = SPACE * ONES
const HIGH_BITS = 0x80808080

/** Three letters above a single byte. */
const PLAIN_ABOVE = 0x61616100

/**
 * Marks the bytes of a word that are a quote, a backslash or a control character, by their high bit. The lowest mark is right;
 * those above it may be wrong. https://graphics.stanford.edu/~seander/bithacks.html#ZeroInWord
 */
function specialBytes(word: number): number {
  const quotes = word ^ QUOTES
  const backslashes = word ^ BACKSLASHES
  return (((quotes - ONES) & ~quotes) | ((backslashes - ONES) & ~backslashes) | ((word - SPACES) & ~word)) & HIGH_BITS
}

/** Which byte of a word has the lowest mark. */
function firstByte(marks: number): number {
  return (31 - Math.clz32(marks & -marks)) >> 3
}
