import type { Entry } from './entry.ts'
import { ShapedCodec } from './shaped-codec.ts'

// Bytes of an entry in Redis: magic, format version, soft expiry, hard expiry (ms, float64), delta (ms, uint32), version (float64),
// soft lifetime (ms, uint32), stamp (Redis's microseconds, float64), length of the tags (uint16), length of the shapes (uint16), tags, shapes, payload.
// Numbers are big-endian. The tags are text, with a NUL between two.
const MAGIC = 0xba
const FORMAT = 2
/** Bit of the format byte that Redis sets when it declares the entry stale: the one part of an entry that changes in place. */
const EXPIRED = 0x80
const SOFT_AT = 2
const HARD_AT = 10
const DELTA = 18
const VERSION = 22
const SOFT_TTL = 30
const STAMP = 34
const TAGS_LENGTH = 42
const SHAPES_LENGTH = 44
const TAGS = 46

/** Bytes of the stamps. They also tell one fill of a key from another. */
export const HEAD_BYTES = 42

/** Where things lie in the bytes, counted from 1, for the scripts. */
export const OFFSETS = { format: 2, softAt: SOFT_AT + 1, hardAt: HARD_AT + 1, version: VERSION + 1 } as const

/** Of the format byte, for the scripts: as it is written, and as it is once the entry was declared stale. */
export const FORMATS = { written: FORMAT, expired: FORMAT | EXPIRED } as const

/** Between two tags. */
export const TAG_SEPARATOR = '\0'
/** Most bytes of all tags of an entry. */
export const MAX_TAGS_BYTES = 0xffff

const NO_TAGS = Buffer.alloc(0)

/** The first bytes of an entry, without its value. */
export function encodeHead(entry: Entry<unknown>): Buffer {
  return writeHead(Buffer.allocUnsafe(HEAD_BYTES), entry)
}

/** Turns the entries of one definition into bytes and back. */
export class Envelope {
  readonly #codec = new ShapedCodec()

  /**
   * The bytes of an entry as they are kept in Redis. Its tags must have passed `checkTags`.
   *
   * @throws when the value cannot be written.
   */
  encode(entry: Entry<unknown>): Buffer {
    const { shapes, payload } = this.#codec.encode(entry.value)
    const tags = entry.tags === undefined ? NO_TAGS : Buffer.from(entry.tags.join(TAG_SEPARATOR))
    const shapesAt = TAGS + tags.length
    const bytes = Buffer.allocUnsafe(shapesAt + shapes.length + payload.length)
    writeHead(bytes, entry)
    bytes.writeUInt16BE(tags.length, TAGS_LENGTH)
    bytes.writeUInt16BE(shapes.length, SHAPES_LENGTH)
    bytes.set(tags, TAGS)
    bytes.set(shapes, shapesAt)
    bytes.set(payload, shapesAt + shapes.length)
    return bytes
  }

  /** Reads an entry; `undefined` when the bytes are damaged, of another format, or not ours at all. Never throws. */
  decode<R>(bytes: Buffer): Entry<R> | undefined {
    if (bytes.length <= TAGS || bytes[0] !== MAGIC || (bytes[1]! & ~EXPIRED) !== FORMAT) return undefined
    const softAt = bytes.readDoubleBE(SOFT_AT)
    const hardAt = bytes.readDoubleBE(HARD_AT)
    const version = bytes.readDoubleBE(VERSION)
    const stampUs = bytes.readDoubleBE(STAMP)
    const shapesAt = TAGS + bytes.readUInt16BE(TAGS_LENGTH)
    const payloadAt = shapesAt + bytes.readUInt16BE(SHAPES_LENGTH)
    if (!(softAt > 0 && hardAt >= softAt && hardAt < Number.MAX_SAFE_INTEGER && version >= 0 && stampUs > 0 && payloadAt < bytes.length)) return undefined
    try {
      const value = this.#codec.decode(bytes, shapesAt, payloadAt) as R
      if (value === undefined) return undefined
      const tags = shapesAt === TAGS ? undefined : bytes.toString('utf8', TAGS, shapesAt).split(TAG_SEPARATOR)
      return { value, softAt, hardAt, deltaMs: bytes.readUInt32BE(DELTA), version, softTtlMs: bytes.readUInt32BE(SOFT_TTL), stampUs, tags, expired: (bytes[1]! & EXPIRED) !== 0 }
    } catch {
      return undefined
    }
  }
}

function writeHead(bytes: Buffer, entry: Entry<unknown>): Buffer {
  bytes[0] = MAGIC
  bytes[1] = entry.expired ? FORMATS.expired : FORMATS.written
  bytes.writeDoubleBE(entry.softAt, SOFT_AT)
  bytes.writeDoubleBE(entry.hardAt, HARD_AT)
  bytes.writeUInt32BE(Math.min(entry.deltaMs, 0xffff_ffff), DELTA)
  bytes.writeDoubleBE(entry.version, VERSION)
  bytes.writeUInt32BE(Math.min(Math.round(entry.softTtlMs), 0xffff_ffff), SOFT_TTL)
  bytes.writeDoubleBE(entry.stampUs, STAMP)
  return bytes
}
