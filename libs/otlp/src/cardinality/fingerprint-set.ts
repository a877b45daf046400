const INITIAL_SLOTS = 16

/** Odd numbers with well-mixed bits, for hashing (xxHash's primes). */
const PRIME_1 = 0x9e3779b1 | 0
const PRIME_2 = 0x85ebca77 | 0

/**
 * A set of texts, each kept as 64 bits of hash: two texts are taken for one with a chance of about n / 2^64. The hash is the same
 * in every process.
 */
export class FingerprintSet {
  size = 0
  /** Two numbers a slot; both are zero in a free one. */
  #slots = new Int32Array(INITIAL_SLOTS * 2)
  #low = 0
  #high = 0
  #slot = 0

  /** Whether `source[start, stop)` is in the set. */
  has(source: Uint8Array, start: number, stop: number): boolean {
    let low = PRIME_1 ^ (stop - start)
    let high = PRIME_2
    for (let at = start; at < stop; at++) {
      low = Math.imul(low ^ source[at]!, PRIME_1)
      high = Math.imul((high ^ source[at]!) + (high >>> 13), PRIME_2)
    }
    this.#low = low ^ (low >>> 15)
    this.#high = (high ^ (high >>> 16)) | 1
    this.#slot = slotOf(this.#slots, this.#low, this.#high)
    return this.#slots[this.#slot + 1] !== 0
  }

  /** Adds what `has` was last asked for, and did not find. */
  add(): void {
    this.#slots[this.#slot] = this.#low
    this.#slots[this.#slot + 1] = this.#high
    this.size++
    if (this.size * 4 > this.#slots.length) this.#grow()
  }

  #grow(): void {
    const old = this.#slots
    const slots = new Int32Array(old.length * 2)
    for (let from = 0; from < old.length; from += 2) {
      if (old[from + 1] === 0) continue
      const slot = slotOf(slots, old[from]!, old[from + 1]!)
      slots[slot] = old[from]!
      slots[slot + 1] = old[from + 1]!
    }
    this.#slots = slots
  }
}

/** Where a fingerprint is, or where there is room for it. */
function slotOf(slots: Int32Array, low: number, high: number): number {
  const mask = slots.length / 2 - 1
  for (let at = low & mask; ; at = (at + 1) & mask) {
    const slot = at * 2
    if (slots[slot + 1] === 0 || (slots[slot] === low && slots[slot + 1] === high)) return slot
  }
}
