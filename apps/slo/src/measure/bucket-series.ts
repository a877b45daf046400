import type { Counts } from '../burn/burn-rate.ts'

/** The events of one bucket; `bucket` is its start divided by its length, so consecutive buckets are consecutive numbers. */
export interface BucketCounts extends Counts {
  readonly bucket: number
}

/** Counts over time of one indicator. Buckets without events are not there. */
export class BucketSeries {
  /** Ascending by bucket. */
  #buckets: BucketCounts[] = []

  /** Puts `counts` (ascending) in place of everything from `from` up to `to`: buckets that are read again replace themselves. */
  replace(from: number, to: number, counts: readonly BucketCounts[]): void {
    const start = this.#indexOf(from)
    const end = this.#indexOf(to)
    this.#buckets = [...this.#buckets.slice(0, start), ...counts, ...this.#buckets.slice(end)]
  }

  /** Forgets what lies before `from`. */
  trim(from: number): void {
    const start = this.#indexOf(from)
    if (start > 0) this.#buckets = this.#buckets.slice(start)
  }

  /** The sum of the buckets from `from` up to `to`, which is not included. */
  sum(from: number, to: number): Counts {
    let good = 0
    let total = 0
    for (let index = this.#indexOf(from); index < this.#buckets.length; index++) {
      const counts = this.#buckets[index]!
      if (counts.bucket >= to) break
      good += counts.good
      total += counts.total
    }
    return { good, total }
  }

  /** Index of the first bucket at or after `bucket`. */
  #indexOf(bucket: number): number {
    let low = 0
    let high = this.#buckets.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#buckets[middle]!.bucket < bucket) low = middle + 1
      else high = middle
    }
    return low
  }
}
