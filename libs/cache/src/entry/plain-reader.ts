import { DIGEST_BYTES, PLAIN_HEAD_BYTES, TEXT, TOKEN } from './plain-tokens.ts'
import { compileShape, type MakeObject, type PlainSource } from './plain-object.ts'
import { isShapes, MAX_SHAPE_SETS } from './shapes.ts'

/**
 * Reads what {@link PlainWriter} wrote: makes one string of all text, whose parts are the values, and has a function for each shape that makes its objects.
 * A decoder that makes each string by itself takes two to three times as long.
 */
export class PlainReader implements PlainSource {
  readonly #sets = new Map<string, readonly MakeObject[]>()
  #last: { readonly digest: Buffer; readonly shapes: readonly MakeObject[] } | undefined
  shapes: readonly MakeObject[] = []
  source: Buffer = Buffer.alloc(0)
  at = 0
  #end = 0
  text = ''
  textAt = 0

  /** @throws when the bytes are damaged. */
  decode(bytes: Buffer, start: number, end: number): unknown {
    const shapesAt = start + PLAIN_HEAD_BYTES
    if (shapesAt > end) throw new RangeError('not plain data')
    const lengthsAt = start + DIGEST_BYTES
    const tokensAt = shapesAt + (bytes[lengthsAt]! << 8) + bytes[lengthsAt + 1]!
    const textAt = tokensAt + (bytes[lengthsAt + 2]! << 8) + bytes[lengthsAt + 3]!
    const kind = bytes[lengthsAt + 4]
    if (textAt > end || (kind !== TEXT.latin1 && kind !== TEXT.ucs2)) throw new RangeError('not plain data')
    this.shapes = this.#shapesOf(bytes, start, shapesAt, tokensAt)
    this.source = bytes
    this.at = tokensAt
    this.#end = textAt
    this.text = bytes.toString(kind === TEXT.latin1 ? 'latin1' : 'ucs2', textAt, end)
    this.textAt = 0
    const value = this.read()
    if (this.at !== textAt || this.textAt !== this.text.length) throw new RangeError('more or less than one value')
    return value
  }

  /** The next value. */
  read(): unknown {
    if (this.at >= this.#end) throw new RangeError('the value ends too early')
    const token = this.source[this.at++]!
    if (token >= TOKEN.text) return this.#readText(token - TOKEN.text)
    if (token < TOKEN.null) return token
    return token >= TOKEN.object && token < TOKEN.array ? this.#readObject(token - TOKEN.object) : this.readOther(token)
  }

  /** The value of a token that was read, if it is no short text, no small number and no object. */
  readOther(token: number): unknown {
    if (token >= TOKEN.array) return this.#readArray(token - TOKEN.array)
    const { at } = this
    switch (token) {
      case TOKEN.null:
        return null
      case TOKEN.false:
        return false
      case TOKEN.true:
        return true
      case TOKEN.double:
        this.at += 8
        return this.source.readDoubleBE(at)
      case TOKEN.int32:
        this.at += 4
        return this.source.readInt32BE(at)
      case TOKEN.longText:
        this.at += 2
        return this.#readText(this.source.readUInt16BE(at))
      case TOKEN.longArray:
        this.at += 2
        return this.#readArray(this.source.readUInt16BE(at))
      default:
        throw new RangeError(`there is no token ${token}`)
    }
  }

  #readText(length: number): string {
    const from = this.textAt
    this.textAt = from + length
    return this.text.slice(from, from + length)
  }

  #readArray(length: number): unknown[] {
    const array: unknown[] = []
    for (let i = 0; i < length; i++) array.push(this.read())
    return array
  }

  #readObject(number: number): unknown {
    const make = this.shapes[number]
    if (make === undefined) throw new RangeError(`there is no shape ${number}`)
    return make(this)
  }

  #shapesOf(bytes: Buffer, digestAt: number, start: number, end: number): readonly MakeObject[] {
    // Nearly always the same shapes as last time.
    const last = this.#last
    if (last !== undefined && isAt(bytes, digestAt, last.digest)) return last.shapes
    const text = bytes.toString('utf8', start, end)
    const shapes = this.#sets.get(text) ?? this.#learn(text)
    this.#last = { digest: Buffer.from(bytes.subarray(digestAt, digestAt + DIGEST_BYTES)), shapes }
    return shapes
  }

  #learn(text: string): readonly MakeObject[] {
    const list: unknown = JSON.parse(text)
    if (!isShapes(list)) throw new TypeError('not a list of lists of keys')
    const shapes = list.map(compileShape)
    if (this.#sets.size === MAX_SHAPE_SETS) this.#sets.delete(this.#sets.keys().next().value!)
    this.#sets.set(text, shapes)
    return shapes
  }
}

/** As `compare`, which leaves JavaScript and so takes longer for a few bytes. */
function isAt(bytes: Buffer, at: number, expected: Buffer): boolean {
  for (let i = 0; i < DIGEST_BYTES; i++) if (bytes[at + i] !== expected[i]) return false
  return true
}
