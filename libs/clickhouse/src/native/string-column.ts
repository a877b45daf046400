import type { ColumnBuilder } from './column-builder.ts'
import { GrowableBytes } from './growable-bytes.ts'
import type { NativeValue } from './native-type.ts'
import { sourceView } from './source-view.ts'
import { varintBytes, writeVarint } from './varint.ts'

/** Up to this length a loop copies faster than a call into the engine does. */
const LOOP_BYTES = 40

/** Bytes that the loop copies at once. */
const WORD_BYTES = 4

/** What no word of ASCII bytes has set. */
const HIGH_BITS = 0x80808080 | 0

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
  appendEncoded(encoded: Buffer, count: number): void {
    const data = this.data
    const length = encoded.length
    data.reserve(length)
    if (length > LOOP_BYTES) encoded.copy(data.bytes, data.length, 0, length)
    else for (let from = 0; from < length; from++) data.bytes[data.length + from] = encoded[from]!
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

/** A text in the form in which a String column writes it. */
export function encodeString(text: string): Buffer {
  const bytes = Buffer.from(text)
  const encoded = Buffer.allocUnsafe(varintBytes(bytes.length) + bytes.length)
  bytes.copy(encoded, writeVarint(encoded, 0, bytes.length))
  return encoded
}
