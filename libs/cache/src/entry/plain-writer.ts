import { createHash } from 'node:crypto'
import { DIGEST_BYTES, MAX_PLAIN, PLAIN_HEAD_BYTES, TEXT, TOKEN } from './plain-tokens.ts'
import { MAX_SHAPES, MAX_SHAPES_BYTES } from './shapes.ts'

/** No value that is data lies deeper; a circle does. */
const MAX_DEPTH = 64
/** A token and what follows it are never longer. */
const MAX_TOKEN_BYTES = 9
const MAX_SHORT_ARRAY = 31
const MAX_SHORT_TEXT = 63
/** After so many values in a row that cannot be written it is not tried again: those of one definition look alike. */
const MAX_FAILURES = 32

const NOT_LATIN1 = /[^\0-\xff]/

/**
 * Writes plain data, null, booleans, numbers, text, arrays and objects of these, with the keys of objects and all text kept apart; {@link PlainReader} reads it.
 *
 * Bytes: digest and length of the shapes, length of the tokens, kind of the text; the shapes (a JSON list of lists of keys), the tokens, the text.
 */
export class PlainWriter {
  readonly #tokens = Buffer.allocUnsafe(MAX_PLAIN + MAX_TOKEN_BYTES)
  #at = 0
  #text = ''
  readonly #shapes: (readonly string[])[] = []
  #shapeBytes: Buffer = Buffer.from('[]')
  #digest = digestOf(this.#shapeBytes)
  #failures = 0

  /** The value in bytes, after `offset` bytes that are left free; `undefined` when it is not plain data, or not worth it. */
  encode(value: unknown, offset: number): Buffer | undefined {
    if (this.#failures === MAX_FAILURES) return undefined
    const known = this.#shapes.length
    this.#at = 0
    this.#text = ''
    const written = this.#write(value, 0) && this.#learn(known)
    if (!written) this.#shapes.length = known
    const bytes = written ? this.#join(offset) : undefined
    this.#failures = bytes === undefined ? this.#failures + 1 : 0
    this.#text = ''
    return bytes
  }

  #join(offset: number): Buffer | undefined {
    const text = this.#text
    const kind = NOT_LATIN1.test(text) ? TEXT.ucs2 : TEXT.latin1
    // Mostly Latin letters: UTF-8 is shorter.
    if (kind === TEXT.ucs2 && Buffer.byteLength(text) < 2 * text.length) return undefined
    const shapesAt = offset + PLAIN_HEAD_BYTES
    const tokensAt = shapesAt + this.#shapeBytes.length
    const textAt = tokensAt + this.#at
    const bytes = Buffer.allocUnsafe(textAt + (kind + 1) * text.length)
    const lengthsAt = offset + DIGEST_BYTES
    bytes.set(this.#digest, offset)
    bytes.writeUInt16BE(this.#shapeBytes.length, lengthsAt)
    bytes.writeUInt16BE(this.#at, lengthsAt + 2)
    bytes[lengthsAt + 4] = kind
    bytes.set(this.#shapeBytes, shapesAt)
    this.#tokens.copy(bytes, tokensAt, 0, this.#at)
    bytes.write(text, textAt, kind === TEXT.ucs2 ? 'ucs2' : 'latin1')
    return bytes
  }

  /** False when it cannot be written. */
  #write(value: unknown, depth: number): boolean {
    if (this.#at > MAX_PLAIN - MAX_TOKEN_BYTES || depth > MAX_DEPTH) return false
    if (typeof value === 'string') return this.#writeText(value)
    if (typeof value === 'number') {
      this.#writeNumber(value)
      return true
    }
    if (typeof value === 'boolean' || value === null) {
      this.#tokens[this.#at++] = value === null ? TOKEN.null : value ? TOKEN.true : TOKEN.false
      return true
    }
    if (Array.isArray(value)) return this.#writeArray(value, depth)
    return typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype && this.#writeObject(value as Record<string, unknown>, depth)
  }

  #writeNumber(value: number): void {
    const tokens = this.#tokens
    if ((value | 0) !== value || Object.is(value, -0)) {
      tokens[this.#at] = TOKEN.double
      this.#at = tokens.writeDoubleBE(value, this.#at + 1)
    } else if (value >= 0 && value < TOKEN.null) tokens[this.#at++] = value
    else {
      tokens[this.#at] = TOKEN.int32
      this.#at = tokens.writeInt32BE(value, this.#at + 1)
    }
  }

  #writeText(value: string): boolean {
    if (this.#text.length + value.length > MAX_PLAIN) return false
    this.#writeLength(TOKEN.text, MAX_SHORT_TEXT, TOKEN.longText, value.length)
    this.#text += value
    return true
  }

  #writeArray(value: readonly unknown[], depth: number): boolean {
    if (value.length > MAX_PLAIN) return false
    this.#writeLength(TOKEN.array, MAX_SHORT_ARRAY, TOKEN.longArray, value.length)
    for (let i = 0; i < value.length; i++) if (!this.#write(value[i], depth + 1)) return false
    return true
  }

  #writeLength(short: number, most: number, long: number, length: number): void {
    if (length <= most) this.#tokens[this.#at++] = short + length
    else {
      this.#tokens[this.#at] = long
      this.#at = this.#tokens.writeUInt16BE(length, this.#at + 1)
    }
  }

  #writeObject(value: Record<string, unknown>, depth: number): boolean {
    const keys = Object.keys(value)
    const shape = this.#shapeOf(keys)
    if (shape === MAX_SHAPES) return false
    this.#tokens[this.#at++] = TOKEN.object + shape
    for (let i = 0; i < keys.length; i++) if (!this.#write(value[keys[i]!], depth + 1)) return false
    return true
  }

  /** The number of a shape, which may be a new one; {@link MAX_SHAPES} when there are too many. */
  #shapeOf(keys: readonly string[]): number {
    const shapes = this.#shapes
    for (let shape = 0; shape < shapes.length; shape++) if (sameKeys(shapes[shape]!, keys)) return shape
    // As a key of an object that is written down it would mean another thing.
    return shapes.length < MAX_SHAPES && !keys.includes('__proto__') ? shapes.push(keys) - 1 : MAX_SHAPES
  }

  /** False when the shapes have become too long. */
  #learn(known: number): boolean {
    if (this.#shapes.length === known) return true
    const bytes = Buffer.from(JSON.stringify(this.#shapes))
    if (bytes.length > MAX_SHAPES_BYTES) return false
    this.#shapeBytes = bytes
    this.#digest = digestOf(bytes)
    return true
  }
}

function sameKeys(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

function digestOf(shapes: Buffer): Buffer {
  return createHash('sha256').update(shapes).digest().subarray(0, DIGEST_BYTES)
}
