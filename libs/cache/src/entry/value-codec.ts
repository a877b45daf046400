/** Which serialiser wrote a value, as the entry says it. */
export const SERIALISER = { msgpack: 0, json: 1, custom: 2 } as const

/** Turns values into bytes and back. Codecs of one definition are used by one process at a time, so they may keep what they learn. */
export interface ValueCodec {
  /** One of {@link SERIALISER}. */
  readonly serialiser: number
  /** Name of the serialiser, for messages. */
  readonly name: string
  /**
   * The value in bytes, after `offset` bytes that are left free for what goes before it.
   *
   * @throws when the value cannot be written.
   */
  encode(value: unknown, offset: number): Buffer
  /**
   * Reads a value from a part of `bytes`, and keeps nothing of them.
   *
   * @throws {@link ForeignValueError} when another serialiser wrote it; any other error when it is damaged.
   */
  decode(bytes: Buffer, start: number, end: number): unknown
}

/** The bytes are of another serialiser than this one. */
export class ForeignValueError extends Error {
  override readonly name = 'ForeignValueError'
}
