import { varintBytes, writeVarint } from './varint.ts'

const WORD_BYTES = 4

/** Texts in the form in which a String column writes them: made once, added often. */
export class EncodedTexts {
  readonly bytes: Buffer
  /** The same, filled up to whole words. */
  readonly words: DataView

  /** A copy of `encoded`, which has that form. */
  constructor(encoded: Buffer) {
    const padded = Buffer.alloc(Math.ceil(encoded.length / WORD_BYTES) * WORD_BYTES)
    encoded.copy(padded)
    this.bytes = padded.subarray(0, encoded.length)
    this.words = new DataView(padded.buffer, padded.byteOffset, padded.length)
  }

  /** One text. */
  static of(text: string): EncodedTexts {
    return new EncodedTexts(encodeString(text))
  }
}

/** A text in the form in which a String column writes it. */
export function encodeString(text: string): Buffer {
  const bytes = Buffer.from(text)
  const encoded = Buffer.allocUnsafe(varintBytes(bytes.length) + bytes.length)
  bytes.copy(encoded, writeVarint(encoded, 0, bytes.length))
  return encoded
}
