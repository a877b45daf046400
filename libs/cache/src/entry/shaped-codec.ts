import { Packr, Unpackr } from 'msgpackr'
import { isShapes, MAX_SHAPE_SETS, MAX_SHAPES, MAX_SHAPES_BYTES } from './shapes.ts'
import { SERIALISER, type ValueCodec } from './value-codec.ts'

// Buffers are copied, so that a small value does not hold the whole reply in memory.
const OPTIONS = { copyBuffers: true, moreTypes: true } as const
const NO_SHAPES = Buffer.alloc(0)

/** Memory up to this size that values are read from is kept until the next one comes, in bytes. */
const MAX_KEPT_BYTES = 1_048_576

/** Bytes of the length of the shapes (uint16, big-endian). */
const LENGTH_BYTES = 2

/**
 * MessagePack with the keys of objects kept apart. The values of one definition look alike, so a decoder made once for their
 * shapes reads them two to three times as fast as a decoder that meets the keys anew in each value. Each entry carries its shapes: no process has to know another's.
 *
 * Bytes: length of the shapes, the shapes (a JSON list of lists of keys, empty when the payload carries its own keys), the payload.
 */
export class ShapedCodec implements ValueCodec {
  readonly serialiser = SERIALISER.msgpack
  readonly name = 'msgpack'
  #structures: string[][] & { sharedLength?: number } = []
  #shaped: Packr | undefined = new Packr({ ...OPTIONS, structures: this.#structures })
  #shapes: Buffer = NO_SHAPES
  #shapeCount = 0
  readonly #plain = new Packr({ ...OPTIONS, useRecords: true })
  readonly #decoders = new Map<string, Unpackr>()
  #last: { readonly shapes: Buffer; readonly decoder: Unpackr } | undefined
  readonly #range = { start: 0, end: 0 }
  /** The memory that the last value was read from. */
  #memory: Buffer = NO_SHAPES

  encode(value: unknown, offset: number): Buffer {
    const payload = this.#pack(value)
    const shapes = this.#shapes
    const bytes = Buffer.allocUnsafe(offset + LENGTH_BYTES + shapes.length + payload.length)
    bytes.writeUInt16BE(shapes.length, offset)
    bytes.set(shapes, offset + LENGTH_BYTES)
    bytes.set(payload, offset + LENGTH_BYTES + shapes.length)
    return bytes
  }

  decode(bytes: Buffer, start: number, end: number): unknown {
    const shapesAt = start + LENGTH_BYTES
    const payloadAt = shapesAt + bytes.readUInt16BE(start)
    if (payloadAt >= end) throw new RangeError('shapes without a payload')
    const decoder = shapesAt === payloadAt ? this.#plain : this.#decoder(bytes, shapesAt, payloadAt)
    const memory = this.#memoryOf(bytes)
    this.#range.start = memory === bytes ? payloadAt : bytes.byteOffset + payloadAt
    this.#range.end = memory === bytes ? end : bytes.byteOffset + end
    return decoder.unpack(memory, this.#range)
  }

  /** All that lies in memory with the bytes. Values that come from Redis together lie together, and msgpackr makes a view of its own for each buffer that it is given. */
  #memoryOf(bytes: Buffer): Buffer {
    const { buffer } = bytes
    if (buffer === this.#memory.buffer) return this.#memory
    if (buffer.byteLength > MAX_KEPT_BYTES) return bytes
    this.#memory = Buffer.from(buffer)
    return this.#memory
  }

  /** The payload; its shapes are in {@link #shapes} then. */
  #pack(value: unknown): Buffer {
    if (this.#shaped === undefined) return this.#plain.pack(value)
    const payload = this.#shaped.pack(value)
    const count = this.#structures.sharedLength ?? 0
    if (count === this.#shapeCount) return payload
    this.#shapeCount = count
    this.#shapes = Buffer.from(JSON.stringify(this.#structures.slice(0, count)))
    if (count <= MAX_SHAPES && this.#shapes.length <= MAX_SHAPES_BYTES) return payload
    this.#shaped = undefined
    this.#structures = []
    this.#shapes = NO_SHAPES
    return this.#plain.pack(value)
  }

  #decoder(bytes: Buffer, start: number, end: number): Unpackr {
    // Nearly always the same shapes as last time.
    const last = this.#last
    if (last !== undefined && last.shapes.length === end - start && bytes.compare(last.shapes, 0, last.shapes.length, start, end) === 0) return last.decoder
    const shapes = Buffer.from(bytes.subarray(start, end))
    const decoder = this.#findDecoder(shapes)
    this.#last = { shapes, decoder }
    return decoder
  }

  #findDecoder(shapes: Buffer): Unpackr {
    const key = shapes.toString('latin1')
    const known = this.#decoders.get(key)
    if (known !== undefined) return known
    const structures: unknown = JSON.parse(shapes.toString())
    if (!isShapes(structures)) throw new TypeError('not a list of lists of keys')
    const decoder = new Unpackr({ ...OPTIONS, structures })
    if (this.#decoders.size === MAX_SHAPE_SETS) this.#decoders.delete(this.#decoders.keys().next().value!)
    this.#decoders.set(key, decoder)
    return decoder
  }
}
