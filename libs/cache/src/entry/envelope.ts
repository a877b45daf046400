import type { Counters } from '../counters.ts'
import { type Compressor, compress, decompress } from './compression.ts'
import { type Entry, NewEntry } from './entry.ts'
import { MISMATCH, type SchemaCheck } from './schema-check.ts'
import type { Sealer } from './sealer.ts'
import { ForeignValueError, type ValueCodec } from './value-codec.ts'

// Bytes of an entry in Redis: magic, format version, soft expiry, hard expiry (ms, float64), delta (ms, uint32), version (float64),
// soft lifetime (ms, uint32), stamp (Redis's microseconds, float64), length of the tags (uint16), form (uint8), tags,
// then the value: what the serialiser wrote, compressed, sealed. Numbers are big-endian. The tags are text, with a NUL between two.
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
const FORM = 44
const TAGS = 45

// The form: two bits for the serialiser, two for the compression, one for encryption.
const SERIALISER_BITS = 0b11
const COMPRESSION_SHIFT = 2
const SEALED = 0b1_0000
const MAX_FORM = 0b1_1111

/** Memory of entries up to this size is kept until the next one comes, in bytes. */
const MAX_KEPT_BYTES = 1_048_576

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

/** The first bytes of an entry, without its value. */
export function encodeHead(entry: Entry<unknown>): Buffer {
  return writeHead(Buffer.allocUnsafe(HEAD_BYTES), entry)
}

/** What an {@link Envelope} is made of. */
export interface EnvelopeOptions {
  readonly codec: ValueCodec
  /** Without it values are stored as they are; those of others are read all the same. */
  readonly compressor?: Compressor | undefined
  /** With it no entry is read but those that its keys have sealed. */
  readonly sealer?: Sealer | undefined
  /** What a value from Redis must pass; absences need not. */
  readonly check?: SchemaCheck | undefined
  /** First part of the keys in Redis: a sealed entry belongs to one key of one namespace. */
  readonly namespace: string
  readonly counters: Pick<Counters, 'corrupt' | 'foreign' | 'undecryptable' | 'mismatched'>
}

/** Turns the entries of one definition into bytes and back. */
export class Envelope {
  readonly #options: EnvelopeOptions
  readonly #codec: ValueCodec
  /** The form of an entry whose value stands there as the serialiser wrote it: of nearly every entry. */
  readonly #plainForm: number
  #view: DataView = new DataView(new ArrayBuffer(0))

  constructor(options: EnvelopeOptions) {
    this.#options = options
    this.#codec = options.codec
    this.#plainForm = options.codec.serialiser
  }

  /** Name of the serialiser, for messages. */
  get serialiser(): string {
    return this.#codec.name
  }

  /**
   * The bytes of an entry as they are kept in Redis under a key; later when its value is large and compressed. Its tags must have passed `checkTags`.
   *
   * @throws when the value cannot be written.
   */
  encode(key: string, entry: Entry<unknown>): Buffer | Promise<Buffer> {
    const { compressor, sealer } = this.#options
    const tags = entry.tags?.join(TAG_SEPARATOR)
    const tagsLength = tags === undefined ? 0 : Buffer.byteLength(tags)
    const valueAt = TAGS + tagsLength
    const bytes = writeHead(this.#codec.encode(entry.value, valueAt), entry)
    bytes.writeUInt16BE(tagsLength, TAGS_LENGTH)
    if (tags !== undefined) bytes.write(tags, TAGS)
    bytes[FORM] = this.#plainForm
    if (compressor === undefined || bytes.length - valueAt < compressor.minBytes) return sealer === undefined ? bytes : this.#seal(sealer, key, bytes, valueAt)
    const packed = compress(compressor, bytes.subarray(valueAt))
    return packed instanceof Promise ? packed.then((later) => this.#finish(key, bytes, valueAt, compressor, later)) : this.#finish(key, bytes, valueAt, compressor, packed)
  }

  /**
   * Reads the entry of a key; `undefined`, and counted why, when it cannot be used: its bytes are damaged, or not ours at all; another serialiser or format wrote it;
   * it is not encrypted as it must be; its value does not pass the schema. Later when its value is large and compressed. Keeps no part of the bytes. Never throws, never rejects.
   */
  decode<R>(key: string, bytes: Buffer): Entry<R> | undefined | Promise<Entry<R> | undefined> {
    if (bytes.length <= TAGS || bytes[0] !== MAGIC) return this.#refuse('corrupt')
    if ((bytes[1]! & ~EXPIRED) !== FORMAT) return this.#refuse('foreign')
    const valueAt = TAGS + bytes.readUInt16BE(TAGS_LENGTH)
    if (valueAt >= bytes.length) return this.#refuse('corrupt')
    if (bytes[FORM] === this.#plainForm && this.#options.sealer === undefined) return this.#read(bytes, valueAt, bytes, valueAt)
    return this.#decodeSlowly(key, bytes, valueAt)
  }

  #finish(key: string, bytes: Buffer, valueAt: number, compressor: Compressor, packed: Buffer | undefined): Buffer {
    const { sealer } = this.#options
    let finished = bytes
    if (packed !== undefined) {
      finished = Buffer.concat([bytes.subarray(0, valueAt), packed])
      finished[FORM]! |= compressor.id << COMPRESSION_SHIFT
    }
    return sealer === undefined ? finished : this.#seal(sealer, key, finished, valueAt)
  }

  #seal(sealer: Sealer, key: string, bytes: Buffer, valueAt: number): Buffer {
    bytes[FORM]! |= SEALED
    return Buffer.concat([bytes.subarray(0, valueAt), sealer.seal(bytes.subarray(valueAt), this.#context(key, bytes, valueAt))])
  }

  /** What a sealed value belongs to: its stamps and tags, but for the bit that Redis may set, and its key in Redis. */
  #context(key: string, bytes: Buffer, valueAt: number): Buffer {
    const context = Buffer.concat([bytes.subarray(0, valueAt), Buffer.from(`${this.#options.namespace}:${key}`)])
    context[1]! &= ~EXPIRED
    return context
  }

  #decodeSlowly<R>(key: string, given: Buffer, valueAt: number): Entry<R> | undefined | Promise<Entry<R> | undefined> {
    const { sealer } = this.#options
    // What is decompressed in the background is read after the caller's bytes are gone.
    const bytes = Buffer.from(given)
    const form = bytes[FORM]!
    if (form > MAX_FORM) return this.#refuse('foreign')
    if ((form & SEALED) === 0 ? sealer !== undefined : sealer === undefined) return this.#refuse('undecryptable')
    const opened = sealer === undefined ? bytes : sealer.open(bytes, valueAt, this.#context(key, bytes, valueAt))
    if (opened === undefined) return this.#refuse('undecryptable')
    if ((form & SERIALISER_BITS) !== this.#plainForm) return this.#refuse('foreign')
    const start = sealer === undefined ? valueAt : 0
    const compression = (form & ~SEALED) >> COMPRESSION_SHIFT
    if (compression === 0) return this.#read(bytes, valueAt, opened, start)
    try {
      const plain = decompress(compression, opened, start, opened.length)
      if (!(plain instanceof Promise)) return this.#read(bytes, valueAt, plain, 0)
      return plain.then(
        (later) => this.#read<R>(bytes, valueAt, later, 0),
        () => this.#refuse('corrupt'),
      )
    } catch {
      return this.#refuse('corrupt')
    }
  }

  /** The entry with the stamps and tags of `bytes`, and the value from `start` to the end of `plain`. */
  #read<R>(bytes: Buffer, valueAt: number, plain: Buffer, start: number): Entry<R> | undefined {
    const view = this.#viewOf(bytes)
    const at = bytes.byteOffset
    const softAt = view.getFloat64(at + SOFT_AT)
    const hardAt = view.getFloat64(at + HARD_AT)
    const version = view.getFloat64(at + VERSION)
    const stampUs = view.getFloat64(at + STAMP)
    if (!(softAt > 0 && hardAt >= softAt && hardAt < Number.MAX_SAFE_INTEGER && version >= 0 && stampUs > 0)) return this.#refuse('corrupt')
    let value: unknown
    try {
      value = this.#codec.decode(plain, start, plain.length)
    } catch (error) {
      return this.#refuse(error instanceof ForeignValueError ? 'foreign' : 'corrupt')
    }
    if (value === undefined) return this.#refuse('corrupt')
    const { check } = this.#options
    if (check !== undefined && value !== null) value = check(value)
    if (value === MISMATCH || value === undefined) return this.#refuse('mismatched')
    const tags = valueAt === TAGS ? undefined : bytes.toString('utf8', TAGS, valueAt).split(TAG_SEPARATOR)
    return new NewEntry(value as R, softAt, hardAt, view.getUint32(at + DELTA), version, view.getUint32(at + SOFT_TTL), stampUs, tags, (bytes[1]! & EXPIRED) !== 0)
  }

  /** Of all the memory that the bytes lie in: entries come to lie in the same one. Numbers are read from a view in a third of the time. */
  #viewOf({ buffer }: Buffer): DataView {
    if (buffer === this.#view.buffer) return this.#view
    const view = new DataView(buffer)
    if (buffer.byteLength <= MAX_KEPT_BYTES) this.#view = view
    return view
  }

  #refuse(reason: keyof EnvelopeOptions['counters']): undefined {
    this.#options.counters[reason]++
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
