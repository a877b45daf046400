/** Most bytes of tokens, and most characters of text, of plain data: what is longer is not read much faster this way, and a part of it would hold all of it in memory. */
export const MAX_PLAIN = 0xffff

/** Digest of the shapes, length of the shapes, length of the tokens (uint16 each), kind of the text. */
export const PLAIN_HEAD_BYTES = 13

/** So many bytes tell one set of shapes from all others. */
export const DIGEST_BYTES = 8

/** Kinds of text. */
export const TEXT = { latin1: 0, ucs2: 1 } as const

/** What a byte of plain data says. Below `null` it is that whole number; the last three and the number of a shape or a length are one byte. */
export const TOKEN = {
  null: 0x80,
  false: 0x81,
  true: 0x82,
  /** 8 bytes follow. */
  double: 0x83,
  /** 4 bytes follow. */
  int32: 0x84,
  /** The length follows, 2 bytes. */
  longText: 0x85,
  longArray: 0x86,
  /** With the number of the shape, up to 15. */
  object: 0x90,
  /** With the length, up to 31. */
  array: 0xa0,
  /** With the length, up to 63. */
  text: 0xc0,
} as const
