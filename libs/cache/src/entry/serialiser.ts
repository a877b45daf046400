import { CacheError } from '../errors.ts'
import { DataCodec } from './data-codec.ts'
import { jsonCodec } from './json-codec.ts'
import { ForeignValueError, SERIALISER, type ValueCodec } from './value-codec.ts'

/** Turns values into bytes and back, for entries in Redis. */
export interface Serialiser {
  /** Written into each entry, so that one of another serialiser is not read: 1 to 64 letters, digits, `_`, `-` or `.`. Change it with the format. */
  readonly name: string
  /** The bytes of a value, which is never `undefined`. What it throws is told to `onError` as `ENCODING_FAILED`; the value is then kept locally alone. */
  encode(value: unknown): Uint8Array
  /** The value of the bytes, which it must copy if it keeps them. What it throws, and `undefined`, makes the entry a miss. */
  decode(bytes: Uint8Array): unknown
}

/** `msgpack`: MessagePack with the keys of objects kept apart. `json`: readable by anybody. Or one of your own. */
export type SerialiserOption = 'msgpack' | 'json' | Serialiser

/** A new codec for the entries of one definition. @throws {@link CacheError} `OPTION_INVALID`. */
export function codecOf(where: string, option: SerialiserOption): ValueCodec {
  if (option === 'msgpack') return new DataCodec()
  if (option === 'json') return jsonCodec
  if (typeof option === 'object' && typeof option.encode === 'function' && typeof option.decode === 'function' && /^[\w.-]{1,64}$/.test(option.name)) return new CustomCodec(option)
  throw new CacheError('OPTION_INVALID', `${where}serialiser must be 'msgpack', 'json' or { name, encode, decode } with a name of 1 to 64 letters, digits, _, - or .`)
}

/** Length and name of the serialiser, then what it wrote. */
class CustomCodec implements ValueCodec {
  readonly serialiser = SERIALISER.custom
  readonly name: string
  readonly #serialiser: Serialiser
  readonly #mark: Buffer

  constructor(serialiser: Serialiser) {
    this.name = serialiser.name
    this.#serialiser = serialiser
    this.#mark = Buffer.from(`${String.fromCharCode(serialiser.name.length)}${serialiser.name}`, 'latin1')
  }

  encode(value: unknown, offset: number): Buffer {
    const written: unknown = this.#serialiser.encode(value)
    if (!(written instanceof Uint8Array)) throw new TypeError(`the serialiser ${this.name} returned no Uint8Array`)
    const bytes = Buffer.allocUnsafe(offset + this.#mark.length + written.length)
    bytes.set(this.#mark, offset)
    bytes.set(written, offset + this.#mark.length)
    return bytes
  }

  decode(bytes: Buffer, start: number, end: number): unknown {
    const valueAt = start + this.#mark.length
    if (valueAt > end || bytes.compare(this.#mark, 0, this.#mark.length, start, valueAt) !== 0) throw new ForeignValueError('another serialiser wrote it')
    // It may keep what it gets, or parts of it.
    return this.#serialiser.decode(Buffer.from(bytes.subarray(valueAt, end)))
  }
}
