import { PlainReader } from './plain-reader.ts'
import { PlainWriter } from './plain-writer.ts'
import { ShapedCodec } from './shaped-codec.ts'
import { SERIALISER, type ValueCodec } from './value-codec.ts'

/** Stands where MessagePack has the length of its shapes, which is never so large. */
const PLAIN = 0xffff
const MARK_BYTES = 2

/** Plain data in the form that is read fastest; all other values as MessagePack. */
export class DataCodec implements ValueCodec {
  readonly serialiser = SERIALISER.msgpack
  readonly name = 'msgpack'
  readonly #writer = new PlainWriter()
  readonly #reader = new PlainReader()
  readonly #shaped = new ShapedCodec()

  encode(value: unknown, offset: number): Buffer {
    const bytes = this.#writer.encode(value, offset + MARK_BYTES)
    if (bytes === undefined) return this.#shaped.encode(value, offset)
    bytes.writeUInt16BE(PLAIN, offset)
    return bytes
  }

  decode(bytes: Buffer, start: number, end: number): unknown {
    return bytes.readUInt16BE(start) === PLAIN ? this.#reader.decode(bytes, start + MARK_BYTES, end) : this.#shaped.decode(bytes, start, end)
  }
}
