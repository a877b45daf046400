import { type CompressionOptions, type Compressor, resolveCompression } from './entry/compression.ts'
import { codecOf, type SerialiserOption } from './entry/serialiser.ts'
import type { ValueCodec } from './entry/value-codec.ts'

/** How values become bytes in Redis. All processes that share a definition should agree on it. */
export interface BytesOptions {
  /** An entry that another serialiser wrote is a miss. @default 'msgpack' */
  readonly serialiser?: SerialiserOption
  /** Whether and from which size on values are compressed. Compressed values are read in any case. @default false */
  readonly compression?: CompressionOptions | false
}

/** Names of {@link BytesOptions}. */
export const BYTES_OPTIONS = ['serialiser', 'compression']

/** {@link BytesOptions}, checked. */
export interface BytesPolicy {
  /** A codec for each definition: it learns the shapes of its values. */
  readonly newCodec: () => ValueCodec
  readonly compressor: Compressor | undefined
}

/**
 * Checks the options and fills in the defaults.
 *
 * @param where - whose they are, for the message.
 * @throws {@link CacheError} `OPTION_INVALID`.
 */
export function resolveBytes(where: string, options: BytesOptions, defaults?: BytesPolicy): BytesPolicy {
  const { serialiser } = options
  if (serialiser !== undefined) codecOf(where, serialiser)
  return {
    newCodec: serialiser !== undefined ? () => codecOf(where, serialiser) : (defaults?.newCodec ?? (() => codecOf(where, 'msgpack'))),
    compressor: options.compression !== undefined ? resolveCompression(where, options.compression) : defaults?.compressor,
  }
}
