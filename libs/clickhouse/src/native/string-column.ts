import type { ColumnBuilder } from './column-builder.ts'
import type { EncodedTexts } from './encoded-texts.ts'
import { GrowableBytes } from './growable-bytes.ts'
import type { NativeValue } from './native-type.ts'
import { sourceView } from './source-view.ts'
import { writeVarint } from './varint.ts'

/** Up to this length a loop over words copies and checks faster than calls into the engine do; and the length has one byte. */
const LOOP_BYTES = 127

/** The same for a loop that only copies. */
const WORD_LOOP_BYTES = 256

/** Bytes that the loop copies at once. */
const WORD_BYTES = 4

/** What no word of ASCII bytes has set. */
const HIGH_BITS = 0x80808080 | 0

/** What letters have, and digits, spaces and hyphens have not. */
const LETTER_BITS = 0x40404040

const ONES = 0x01010101

/** Longest text that `appendLookingFor` takes. */
export const MAX_LOOKED_AT = LOOP_BYTES

/** What `appendLookingFor` tells, one bit each: a byte above 127. */
export const NOT_ASCII = 1
/** A byte that was looked for. */
export const SOUGHT = 2
/** Two neighbouring words without a letter: elsewhere there are no eleven digits in a row. */
export const MAYBE_NUMBER = 4

/** Bytes to look for: those of which the bits in `mask` are those of `value`. */
export interface SoughtBytes {
  /** Four times the byte, as an Int32. */
  readonly mask: number
  readonly value: number
}

/** Longest varint of a length. */
const MAX_VARINT_BYTES = 8

/** String: for each value its length as a varint, then its bytes. */
export class StringColumn implements ColumnBuilder {
  readonly prefixBytes = 0
  rows = 0
  /** The values as they will be written. */
  readonly data = new GrowableBytes()

  append(value: NativeValue): void {
    this.appendText(String(value))
  }

  /** Adds a JavaScript text. */
  appendText(text: string): void {
    const bytes = Buffer.byteLength(text)
    const data = this.data
    data.reserve(bytes + MAX_VARINT_BYTES)
    const at = writeVarint(data.bytes, data.length, bytes)
    data.bytes.write(text, at, bytes, 'utf8')
    data.length = at + bytes
    this.rows++
  }

  /** Adds `source[start, end)`. Returns whether the bytes are known to be ASCII, which costs nothing while a short text is copied. */
  appendBytes(source: Buffer, start: number, end: number): boolean {
    const length = end - start
    const data = this.data
    data.reserve(length + MAX_VARINT_BYTES)
    this.rows++
    if (length > LOOP_BYTES) {
      const at = writeVarint(data.bytes, data.length, length)
      source.copy(data.bytes, at, start, end)
      data.length = at + length
      return false
    }
    const target = data.bytes
    let at = data.length
    let from = start
    let seen = 0
    target[at++] = length
    if (length >= WORD_BYTES) {
      const { view } = data
      const words = sourceView(source)
      for (const last = end - WORD_BYTES; from <= last; from += WORD_BYTES, at += WORD_BYTES) {
        const word = words.getInt32(from, true)
        view.setInt32(at, word, true)
        seen |= word
      }
    }
    for (; from < end; from++, at++) {
      const byte = source[from]!
      target[at] = byte
      seen |= byte
    }
    data.length = at
    return (seen & HIGH_BITS) === 0
  }

  /**
   * Adds `source[start, end)`, of at most {@link MAX_LOOKED_AT} bytes, as `appendBytes` does, and tells what was seen on the way, so
   * that a text is read only once: any of `NOT_ASCII`, `SOUGHT`, `MAYBE_NUMBER`.
   */
  appendLookingFor({ mask, value }: SoughtBytes, source: Buffer, start: number, end: number): number {
    const length = end - start
    const data = this.data
    data.reserve(length + MAX_VARINT_BYTES)
    this.rows++
    const target = data.bytes
    let at = data.length
    let from = start
    let seen = 0
    let found = 0
    let numeric = 0
    target[at++] = length
    if (length >= WORD_BYTES) {
      const { view } = data
      const words = sourceView(source)
      let before = 0
      for (const last = end - WORD_BYTES; from <= last; from += WORD_BYTES, at += WORD_BYTES) {
        const word = words.getInt32(from, true)
        view.setInt32(at, word, true)
        seen |= word
        found |= zeroBytes((word & mask) ^ value)
        // Negative for a word without letters only.
        const letters = (word & LETTER_BITS) - 1
        numeric |= letters & before
        before = letters
      }
    }
    for (; from < end; from++, at++) {
      const byte = source[from]!
      target[at] = byte
      seen |= byte
      found |= zeroBytes((Math.imul(byte, ONES) & mask) ^ value)
    }
    data.length = at
    return ((seen & HIGH_BITS) === 0 ? 0 : NOT_ASCII) | ((found & HIGH_BITS) === 0 ? 0 : SOUGHT) | (numeric < 0 ? MAYBE_NUMBER : 0)
  }

  /** Adds a value of `length` ASCII bytes and returns where in `data.bytes` they are to be put. At most 127 bytes. */
  appendBlank(length: number): number {
    const data = this.data
    data.reserve(length + 1)
    data.bytes[data.length] = length
    const at = data.length + 1
    data.length = at + length
    this.rows++
    return at
  }

  appendEmpty(): void {
    const data = this.data
    data.reserve(1)
    data.bytes[data.length++] = 0
    this.rows++
  }

  /** Takes the last value, which begins at `start` of `data`, out again. */
  removeLast(start: number): void {
    this.data.length = start
    this.rows--
  }

  /** Adds `count` values that are already in the form in which they are written. */
  appendEncoded({ bytes, words }: EncodedTexts, count: number): void {
    const data = this.data
    const { length } = bytes
    data.reserve(length + WORD_BYTES)
    if (length > WORD_LOOP_BYTES) bytes.copy(data.bytes, data.length, 0, length)
    else for (let from = 0; from < length; from += WORD_BYTES) data.view.setInt32(data.length + from, words.getInt32(from, true), true)
    data.length += length
    this.rows += count
  }

  get dataBytes(): number {
    return this.data.length
  }

  writePrefix(_out: Buffer, at: number): number {
    return at
  }

  writeData(out: Buffer, at: number): number {
    this.data.bytes.copy(out, at, 0, this.data.length)
    return at + this.data.length
  }

  clear(): void {
    this.rows = 0
    this.data.clear()
  }
}

/**
 * Marks the bytes of a word that are zero by their high bit, other bits mean nothing. The lowest mark is right; those above it may
 * be wrong. https://graphics.stanford.edu/~seander/bithacks.html#ZeroInWord
 */
function zeroBytes(word: number): number {
  return (word - ONES) & ~word
}
