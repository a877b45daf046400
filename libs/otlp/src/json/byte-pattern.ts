/** Bytes of one word. */
const WORD = 4

/** A text of at least four ASCII characters to look for, four bytes at a time. */
export class BytePattern {
  readonly length: number
  readonly #words: Int32Array
  readonly #last: number

  constructor(text: string) {
    const bytes = Buffer.from(text)
    this.length = bytes.length
    this.#words = Int32Array.from({ length: Math.floor((this.length - 1) / WORD) }, (_, word) => bytes.readInt32LE(word * WORD))
    // Overlaps with the word before it, so that no bytes are left over.
    this.#last = bytes.readInt32LE(this.length - WORD)
  }

  /** Whether `view` has it at `start`, which must be so far from the end. */
  isAt(view: DataView, start: number): boolean {
    const words = this.#words
    for (let word = 0; word < words.length; word++) if (view.getInt32(start + word * WORD, true) !== words[word]) return false
    return view.getInt32(start + this.length - WORD, true) === this.#last
  }
}
