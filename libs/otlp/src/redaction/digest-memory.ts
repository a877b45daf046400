import { hashOf, isSame } from '@ballast/clickhouse'

/** Hex digits of a digest. */
export const DIGITS = 32

/** The digits of a digest, the length of the value, the value: side by side, because they are asked for together. */
const ENTRY_BYTES = 96
const LENGTH_AT = DIGITS
const VALUE_AT = LENGTH_AT + 1

/** Longer values are not remembered. */
const MAX_VALUE_BYTES = ENTRY_BYTES - VALUE_AT

/** Then all are forgotten. */
const MAX_ENTRIES = 8192

/** Twice as many as entries. Of a slot the low bits are the number of the entry plus one, the others are of its hash; zero is free. */
const SLOTS = MAX_ENTRIES * 2
const NUMBER_BITS = SLOTS - 1

/** The digest of a value is not remembered. */
export const UNKNOWN = -1

/** Remembers digests of short values, those of up to 8192 at a time. */
export class DigestMemory {
  /** Holds the digits. Zeros, so that no memory is taken before it is written to. */
  readonly view = new DataView(new ArrayBuffer((MAX_ENTRIES + 1) * ENTRY_BYTES))
  readonly #bytes = Buffer.from(this.view.buffer)
  readonly #slots = new Int32Array(SLOTS)
  #size = 0
  #hash = 0
  #slot = 0

  /** Where in `view` the digits for `source[start, stop)` are; {@link UNKNOWN} if they are not. */
  find(source: Buffer, start: number, stop: number): number {
    if (stop - start > MAX_VALUE_BYTES) return UNKNOWN
    const slots = this.#slots
    const hash = hashOf(source, start, stop)
    for (let slot = hash & NUMBER_BITS; ; slot = (slot + 1) & NUMBER_BITS) {
      const found = slots[slot]!
      if (found === 0) {
        this.#hash = hash
        this.#slot = slot
        return UNKNOWN
      }
      const entry = ((found & NUMBER_BITS) - 1) * ENTRY_BYTES
      if (((found ^ hash) & ~NUMBER_BITS) === 0 && this.#is(entry, source, start, stop)) return entry
    }
  }

  /** Takes the digits for what `find` was just asked for in vain; returns where in `view` they are, good until the next one. */
  add(source: Buffer, start: number, stop: number, digits: string): number {
    const length = stop - start
    const kept = length <= MAX_VALUE_BYTES
    if (kept && this.#size === MAX_ENTRIES) {
      this.#size = 0
      this.#slots.fill(0)
      this.#slot = this.#hash & NUMBER_BITS
    }
    // The place behind the last entry is for those that are not kept.
    const entry = (kept ? this.#size++ : MAX_ENTRIES) * ENTRY_BYTES
    this.#bytes.write(digits, entry, DIGITS, 'latin1')
    if (!kept) return entry
    this.#bytes[entry + LENGTH_AT] = length
    source.copy(this.#bytes, entry + VALUE_AT, start, stop)
    this.#slots[this.#slot] = (this.#hash & ~NUMBER_BITS) | this.#size
    return entry
  }

  #is(entry: number, source: Buffer, start: number, stop: number): boolean {
    return this.#bytes[entry + LENGTH_AT] === stop - start && isSame(source, start, stop, this.view, entry + VALUE_AT)
  }
}
