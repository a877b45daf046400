const INITIAL_LENGTH = 256

/** More than this is given back after a large block. */
const MAX_KEPT_LENGTH = 2 ** 21

/** Whole numbers up to 2^32 that grow by doubling and are reused from block to block. */
export class GrowableIndexes {
  values = new Uint32Array(INITIAL_LENGTH)
  length = 0

  push(value: number): void {
    if (this.length === this.values.length) this.reserve(1)
    this.values[this.length++] = value
  }

  /** Makes room for `count` more. */
  reserve(count: number): void {
    if (this.length + count <= this.values.length) return
    const larger = new Uint32Array(Math.max(this.values.length * 2, this.length + count))
    larger.set(this.values.subarray(0, this.length))
    this.values = larger
  }

  clear(): void {
    this.length = 0
    if (this.values.length > MAX_KEPT_LENGTH) this.values = new Uint32Array(INITIAL_LENGTH)
  }
}
