import type { Counters } from '../counters.ts'
import { type Compressor, compress, decompress } from './compression.ts'
import type { Entry } from './entry.ts'
import { MISMATCH, type SchemaCheck } from './schema-check.ts'
import type { Sealer } from './sealer.ts'
import { ForeignValueError, type ValueCodec } from './value-codec.ts'

// Bytes of an entry in Redis: magic, format version, soft expiry, hard expiry (ms, float64), delta (ms, uint32), version (float64),
// form (uint8), then the value: what the serialiser wrote, compressed, sealed. Numbers are big-endian.
const MAGIC = 0xba
const FORMAT = 2
const SOFT_AT = 2
const HARD_AT = 10
const DELTA = 18
const VERSION = 22
const FORM = 30
const BODY = 31

// The form: two bits for the serialiser, two for the compression, one for encryption.
const SERIALISER_BITS = 0b11
const COMPRESSION_SHIFT = 2
const SEALED = 0b1_0000
const MAX_FORM = 0b1_1111

/** Bytes of the stamps. They also tell one fill of a key from another. */
export const HEAD_BYTES = 30

/** Where the version lies in the bytes, counted from 1, for the script that compares it. */
export const VERSION_OFFSET = VERSION + 1

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
  /** The form of an entry whose value stands there as the serialiser wrote it. */
  readonly #plainForm: number
  /** The form of nearly every entry: no other is read without a thought. */
  readonly #quickForm: number

  constructor(options: EnvelopeOptions) {
    this.#options = options
    this.#codec = options.codec
    this.#plainForm = options.codec.serialiser
    this.#quickForm = options.sealer === undefined && options.check === undefined ? this.#plainForm : -1
  }

  /** Name of the serialiser, for messages. */
  get serialiser(): string {
    return this.#codec.name
  }

  /**
   * The bytes of an entry as they are kept in Redis under a key; later when its value is large and compressed.
   *
   * @throws when the value cannot be written.
   */
  encode(key: string, entry: Entry<unknown>): Buffer | Promise<Buffer> {
    const { compressor, sealer } = this.#options
    const bytes = writeHead(this.#codec.encode(entry.value, BODY), entry)
    bytes[FORM] = this.#plainForm
    if (compressor === undefined || bytes.length - BODY < compressor.minBytes) return sealer === undefined ? bytes : this.#seal(sealer, key, bytes)
    const packed = compress(compressor, bytes.subarray(BODY))
    return packed instanceof Promise ? packed.then((later) => this.#finish(key, bytes, compressor, later)) : this.#finish(key, bytes, compressor, packed)
  }

  /**
   * Reads the entry of a key; `undefined`, and counted why, when it cannot be used: its bytes are damaged, or not ours at all; another serialiser or format wrote it;
   * it is not encrypted as it must be; its value does not pass the schema. Later when its value is large and compressed. Never throws, never rejects.
   */
  decode<R>(key: string, bytes: Buffer): Entry<R> | undefined | Promise<Entry<R> | undefined> {
    if (bytes.length <= BODY || bytes[0] !== MAGIC) return this.#refuse('corrupt')
    if (bytes[1] !== FORMAT) return this.#refuse('foreign')
    if (bytes[FORM] !== this.#quickForm) return this.#decodeSlowly(key, bytes)
    return this.#read(bytes, bytes, BODY)
  }

  #finish(key: string, bytes: Buffer, compressor: Compressor, packed: Buffer | undefined): Buffer {
    const { sealer } = this.#options
    let finished = bytes
    if (packed !== undefined) {
      finished = Buffer.concat([bytes.subarray(0, BODY), packed])
      finished[FORM]! |= compressor.id << COMPRESSION_SHIFT
    }
    return sealer === undefined ? finished : this.#seal(sealer, key, finished)
  }

  #seal(sealer: Sealer, key: string, bytes: Buffer): Buffer {
    const head = bytes.subarray(0, BODY)
    head[FORM]! |= SEALED
    return Buffer.concat([head, sealer.seal(bytes.subarray(BODY), this.#context(key, head))])
  }

  /** What a sealed value belongs to: the key in Redis, and the stamps. */
  #context(key: string, bytes: Buffer): Buffer {
    return Buffer.concat([bytes.subarray(0, BODY), Buffer.from(`${this.#options.namespace}:${key}`)])
  }

  #decodeSlowly<R>(key: string, bytes: Buffer): Entry<R> | undefined | Promise<Entry<R> | undefined> {
    const { sealer } = this.#options
    const form = bytes[FORM]!
    if (form > MAX_FORM) return this.#refuse('foreign')
    if ((form & SEALED) === 0 ? sealer !== undefined : sealer === undefined) return this.#refuse('undecryptable')
    const opened = sealer === undefined ? bytes : sealer.open(bytes, BODY, this.#context(key, bytes))
    if (opened === undefined) return this.#refuse('undecryptable')
    if ((form & SERIALISER_BITS) !== this.#plainForm) return this.#refuse('foreign')
    const valueAt = sealer === undefined ? BODY : 0
    const compression = (form & ~SEALED) >> COMPRESSION_SHIFT
    if (compression === 0) return this.#read(bytes, opened, valueAt)
    try {
      const plain = decompress(compression, opened, valueAt, opened.length)
      if (!(plain instanceof Promise)) return this.#read(bytes, plain, 0)
      return plain.then(
        (later) => this.#read<R>(bytes, later, 0),
        () => this.#refuse('corrupt'),
      )
    } catch {
      return this.#refuse('corrupt')
    }
  }

  /** The entry with these stamps, and the value from `valueAt` to the end of `plain`. */
  #read<R>(stamps: Buffer, plain: Buffer, valueAt: number): Entry<R> | undefined {
    const softAt = stamps.readDoubleBE(SOFT_AT)
    const hardAt = stamps.readDoubleBE(HARD_AT)
    const version = stamps.readDoubleBE(VERSION)
    if (!(softAt > 0 && hardAt >= softAt && hardAt < Number.MAX_SAFE_INTEGER && version >= 0)) return this.#refuse('corrupt')
    let value: unknown
    try {
      value = this.#codec.decode(plain, valueAt, plain.length)
    } catch (error) {
      return this.#refuse(error instanceof ForeignValueError ? 'foreign' : 'corrupt')
    }
    if (value === undefined) return this.#refuse('corrupt')
    const { check } = this.#options
    if (check !== undefined && value !== null) value = check(value)
    if (value === MISMATCH || value === undefined) return this.#refuse('mismatched')
    return { value: value as R, softAt, hardAt, deltaMs: stamps.readUInt32BE(DELTA), version }
  }

  #refuse(reason: keyof EnvelopeOptions['counters']): undefined {
    this.#options.counters[reason]++
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
