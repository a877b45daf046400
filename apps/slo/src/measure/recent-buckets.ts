import type { BucketCounts, BucketRange } from './event-store.ts'
import { noEvents, type Sums, sumsOf } from './sums.ts'

/** Good, total, rows, bad rows. */
const WIDTH = 4

/** The counts of the newest buckets of one series, in a fixed piece of memory. A bucket without events is zero. */
export class RecentBuckets {
  readonly #capacity: number
  readonly #counts: Float64Array
  #end = 0

  constructor(capacity: number) {
    this.#capacity = capacity
    this.#counts = new Float64Array(capacity * WIDTH)
  }

  /** The bucket after the newest. */
  get end(): number {
    return this.#end
  }

  /** The oldest bucket that is kept. */
  get start(): number {
    return this.#end - this.#capacity
  }

  /** Makes room up to `end`: the oldest buckets are forgotten, the new ones are empty. */
  advance(end: number): void {
    for (let bucket = Math.max(this.#end, end - this.#capacity); bucket < end; bucket++) this.#clear(bucket)
    this.#end = end
  }

  /** Puts `counts` in place of everything in `range`, as far as it is kept: what is read again replaces itself. */
  replace(range: BucketRange, counts: readonly BucketCounts[]): void {
    for (let bucket = Math.max(range.from, this.start); bucket < Math.min(range.to, this.#end); bucket++) this.#clear(bucket)
    for (const each of counts) if (each.bucket >= Math.max(range.from, this.start) && each.bucket < Math.min(range.to, this.#end)) this.set(each)
  }

  /** Sets one bucket that is kept. */
  set(counts: BucketCounts): void {
    const { good, total, rows, badRows } = sumsOf(counts)
    this.#counts.set([good, total, rows, badRows], this.#at(counts.bucket))
  }

  /** The sum of the buckets from `from` up to `to`, which is not included; both within what is kept. */
  sum(from: number, to: number): Sums {
    if (from >= to) return noEvents
    const counts = this.#counts
    let [good, total, rows, badRows] = [0, 0, 0, 0]
    const first = Math.max(from, this.start)
    let left = Math.min(to, this.#end) - first
    for (let at = this.#at(first); left > 0; left--) {
      good += counts[at]!
      total += counts[at + 1]!
      rows += counts[at + 2]!
      badRows += counts[at + 3]!
      at += WIDTH
      if (at === counts.length) at = 0
    }
    return { good, total, rows, badRows }
  }

  #clear(bucket: number): void {
    const at = this.#at(bucket)
    this.#counts.fill(0, at, at + WIDTH)
  }

  #at(bucket: number): number {
    return (((bucket % this.#capacity) + this.#capacity) % this.#capacity) * WIDTH
  }
}
