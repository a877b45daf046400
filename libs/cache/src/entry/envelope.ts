import type { Entry } from './entry.ts'
import { ShapedCodec } from './shaped-codec.ts'

// Bytes of an entry in Redis: magic, format version, soft expiry, hard expiry (ms, float64), delta (ms, uint32), version (float64),
// length of the shapes (uint16), shapes, payload. Numbers are big-endian.
const MAGIC = 0xba
const FORMAT = 1
const SOFT_AT = 2
const HARD_AT = 10
const DELTA = 18
const VERSION = 22
const SHAPES_LENGTH = 30

/** Bytes of the stamps. They also tell one fill of a key from another. */
export const HEAD_BYTES = 30

/** Where the version lies in the bytes, counted from 1, for the script that compares it. */
export const VERSION_OFFSET = VERSION + 1

const SHAPES = 32

/** The first bytes of an entry, without its value. */
export function encodeHead(entry: Entry<unknown>): Buffer {
  return writeHead(Buffer.allocUnsafe(HEAD_BYTES), entry)
}

/** Turns the entries of one definition into bytes and back. */
export class Envelope {
  readonly #codec = new ShapedCodec()

  /** The bytes of an entry as they are kept in Redis. */
  encode(entry: Entry<unknown>): Buffer {
    const { shapes, payload } = this.#codec.encode(entry.value)
    const bytes = Buffer.allocUnsafe(SHAPES + shapes.length + payload.length)
    writeHead(bytes, entry)
    bytes.writeUInt16BE(shapes.length, SHAPES_LENGTH)
    bytes.set(shapes, SHAPES)
    bytes.set(payload, SHAPES + shapes.length)
    return bytes
  }

  /** Reads an entry; `undefined` when the bytes are damaged, of another format, or not ours at all. Never throws. */
  decode<R>(bytes: Buffer): Entry<R> | undefined {
    if (bytes.length <= SHAPES || bytes[0] !== MAGIC || bytes[1] !== FORMAT) return undefined
    const softAt = bytes.readDoubleBE(SOFT_AT)
    const hardAt = bytes.readDoubleBE(HARD_AT)
    const version = bytes.readDoubleBE(VERSION)
    const payloadAt = SHAPES + bytes.readUInt16BE(SHAPES_LENGTH)
    if (!(softAt > 0 && hardAt >= softAt && hardAt < Number.MAX_SAFE_INTEGER && version >= 0 && payloadAt < bytes.length)) return undefined
    try {
      const value = this.#codec.decode(bytes, SHAPES, payloadAt) as R
      return value === undefined ? undefined : { value, softAt, hardAt, deltaMs: bytes.readUInt32BE(DELTA), version }
    } catch {
      return undefined
    }
  }
}

function writeHead(bytes: Buffer, entry: Entry<unknown>): Buffer {
  bytes[0] = MAGIC
  bytes[1] = FORMAT
  bytes.writeDoubleBE(entry.softAt, SOFT_AT)
  bytes.writeDoubleBE(entry.hardAt, HARD_AT)
  bytes.writeUInt32BE(Math.min(entry.deltaMs, 0xffff_ffff), DELTA)
  bytes.writeDoubleBE(entry.version, VERSION)
  return bytes
}
