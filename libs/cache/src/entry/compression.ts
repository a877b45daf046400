import { promisify } from 'node:util'
import * as zlib from 'node:zlib'
import { CacheError } from '../errors.ts'
import { refuseUnknown } from '../option-checks.ts'

/** When and how values are compressed. */
export interface CompressionOptions {
  /** `zstd` is the fastest, `brotli` the smallest for text, `gzip` what everything reads. @default 'zstd' */
  readonly algorithm?: 'zstd' | 'gzip' | 'brotli'
  /** Values of fewer bytes, as the serialiser writes them, are stored as they are. @default 2048 */
  readonly minBytes?: number
}

/** Defaults of {@link CompressionOptions}. */
export const compressionDefaults = {
  algorithm: 'zstd',
  /** bytes */
  minBytes: 2_048,
} as const

/** From this many bytes of plain value on the work is done off the event loop: less takes about as long as the handing over. */
const OFF_LOOP_BYTES = 65_536
/** No value is larger; an entry that says so is not read. */
const MAX_VALUE_BYTES = 256 * 1024 * 1024
/** In front of the compressed bytes: the length of the plain value (uint32). */
const LENGTH_BYTES = 4

interface Algorithm {
  readonly compressSync: (bytes: Buffer) => Buffer
  readonly compress: (bytes: Buffer) => Promise<Buffer>
  readonly decompressSync: (bytes: Buffer, limits: { readonly maxOutputLength: number }) => Buffer
  readonly decompress: (bytes: Buffer, limits: { readonly maxOutputLength: number }) => Promise<Buffer>
}

// Brotli's own default, 11, is made for files that are written once: 50 times as slow.
const BROTLI = { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 4 } }
const brotliCompress = promisify<zlib.InputType, zlib.BrotliOptions, Buffer>(zlib.brotliCompress)

const ALGORITHMS: readonly (Algorithm & { readonly name: NonNullable<CompressionOptions['algorithm']> })[] = [
  { name: 'zstd', compressSync: zlib.zstdCompressSync, compress: promisify<zlib.InputType, Buffer>(zlib.zstdCompress), decompressSync: zlib.zstdDecompressSync, decompress: promisify(zlib.zstdDecompress) },
  { name: 'gzip', compressSync: zlib.gzipSync, compress: promisify<zlib.InputType, Buffer>(zlib.gzip), decompressSync: zlib.gunzipSync, decompress: promisify(zlib.gunzip) },
  {
    name: 'brotli',
    compressSync: (bytes) => zlib.brotliCompressSync(bytes, BROTLI),
    compress: (bytes) => brotliCompress(bytes, BROTLI),
    decompressSync: zlib.brotliDecompressSync,
    decompress: promisify(zlib.brotliDecompress),
  },
]

/** Compresses the values of one definition. */
export interface Compressor {
  readonly minBytes: number
  /** 1, 2 or 3: how the entry names the algorithm; 0 is none. */
  readonly id: number
}

/** Checks the options. @throws {@link CacheError} `OPTION_INVALID`. */
export function resolveCompression(where: string, options: CompressionOptions | false): Compressor | undefined {
  if (options === false) return undefined
  refuseUnknown(Object.keys(options), Object.keys(compressionDefaults), `${where}compression.`)
  const algorithm = options.algorithm ?? compressionDefaults.algorithm
  const index = ALGORITHMS.findIndex(({ name }) => name === algorithm)
  if (index === -1) throw new CacheError('OPTION_INVALID', `${where}compression.algorithm is ${JSON.stringify(algorithm)}; there are ${ALGORITHMS.map(({ name }) => name).join(', ')}`)
  const minBytes = options.minBytes ?? compressionDefaults.minBytes
  if (!Number.isInteger(minBytes) || minBytes < 1) throw new CacheError('OPTION_INVALID', `${where}compression.minBytes is ${minBytes}; give a whole number of bytes above 0`)
  return { id: index + 1, minBytes }
}

/** The compressed value, later when it is large; `undefined` when that would not be smaller. */
export function compress({ id }: Compressor, plain: Buffer): Buffer | undefined | Promise<Buffer | undefined> {
  const algorithm = ALGORITHMS[id - 1]!
  if (plain.length < OFF_LOOP_BYTES) return withLength(plain, algorithm.compressSync(plain))
  return algorithm.compress(plain).then((packed) => withLength(plain, packed))
}

/**
 * The plain value, later when it is large.
 *
 * @throws when the bytes are damaged, or make more than they say: nobody's entry may fill the memory of its readers.
 */
export function decompress(id: number, bytes: Buffer, start: number, end: number): Buffer | Promise<Buffer> {
  const algorithm = ALGORITHMS[id - 1]
  if (algorithm === undefined || end - start <= LENGTH_BYTES) throw new RangeError('not a compressed value')
  const length = bytes.readUInt32BE(start)
  if (length === 0 || length > MAX_VALUE_BYTES) throw new RangeError(`a value of ${length} bytes`)
  const packed = bytes.subarray(start + LENGTH_BYTES, end)
  const limits = { maxOutputLength: length }
  return length < OFF_LOOP_BYTES ? ofLength(length, algorithm.decompressSync(packed, limits)) : algorithm.decompress(packed, limits).then((plain) => ofLength(length, plain))
}

function withLength(plain: Buffer, packed: Buffer): Buffer | undefined {
  if (packed.length + LENGTH_BYTES >= plain.length || plain.length > MAX_VALUE_BYTES) return undefined
  const bytes = Buffer.allocUnsafe(LENGTH_BYTES + packed.length)
  bytes.writeUInt32BE(plain.length)
  bytes.set(packed, LENGTH_BYTES)
  return bytes
}

function ofLength(length: number, plain: Buffer): Buffer {
  if (plain.length !== length) throw new RangeError('a value of another length than it says')
  return plain
}
