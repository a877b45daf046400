import type { Budgeting, NoTraffic } from '../objective/budgeting.ts'
import type { BucketCounts, BucketRange } from './event-store.ts'

/** Units of a slice whose ratio counts: a slice of 99.9 % is 999,000 of them. Rounding is at most half a unit a slice. */
export const RATIO_UNITS = 1_000_000

/** How buckets become slices. */
export interface SliceRule {
  readonly budgeting: Exclude<Budgeting, { readonly method: 'Occurrences' }>
  readonly noTraffic: NoTraffic
  /** Buckets of one slice. */
  readonly buckets: number
}

/**
 * Turns buckets of events into slices, each put at its first bucket. A slice counts once it is over.
 *
 * @param range - from the first bucket of a slice up to the first bucket that is not over.
 * @param before - the slice before the first, for `hold`; `undefined` when it is not known, which then counts as good.
 */
export function slicesOf(buckets: readonly BucketCounts[], range: BucketRange, { budgeting, noTraffic, buckets: width }: SliceRule, before?: { readonly good: number; readonly total: number }): BucketCounts[] {
  const units = budgeting.method === 'Timeslices' ? 1 : RATIO_UNITS
  const slices: BucketCounts[] = []
  let last = before === undefined || before.total === 0 ? units : before.good
  let next = 0
  for (let slice = range.from; slice + width <= range.to; slice += width) {
    let [good, total] = [0, 0]
    for (; next < buckets.length && buckets[next]!.bucket < slice + width; next++) {
      good += buckets[next]!.good
      total += buckets[next]!.total
    }
    if (total === 0 && noTraffic === 'ignore') continue
    if (total > 0) last = goodUnits(good, total, budgeting)
    else if (noTraffic !== 'hold') last = noTraffic === 'good' ? units : 0
    slices.push({ bucket: slice, good: last, total: units })
  }
  return slices
}

/**
 * Slices of several parts as those of one: bad where any of them is. A slice in which no part has events is what no traffic means.
 *
 * @param before - the slice of the whole before the first, as for {@link slicesOf}.
 */
export function unitedSlices(parts: readonly (readonly BucketCounts[])[], range: BucketRange, { noTraffic, buckets: width }: SliceRule, before?: { readonly good: number; readonly total: number }): BucketCounts[] {
  const known = new Map<number, BucketCounts>()
  for (const slice of parts.flat()) if (slice.good === 0 || !known.has(slice.bucket)) known.set(slice.bucket, slice)
  const slices: BucketCounts[] = []
  let last = before === undefined || before.total === 0 ? 1 : before.good
  for (let slice = range.from; slice + width <= range.to; slice += width) {
    const found = known.get(slice)
    if (found === undefined && noTraffic === 'ignore') continue
    if (found !== undefined) last = found.good
    else if (noTraffic !== 'hold') last = noTraffic === 'good' ? 1 : 0
    slices.push({ bucket: slice, good: last, total: 1 })
  }
  return slices
}

function goodUnits(good: number, total: number, budgeting: SliceRule['budgeting']): number {
  if (budgeting.method === 'RatioTimeslices') return Number((BigInt(good) * BigInt(2 * RATIO_UNITS) + BigInt(total)) / BigInt(2 * total))
  const { numerator, denominator } = budgeting.sliceTarget
  return BigInt(good) * denominator < numerator * BigInt(total) ? 0 : 1
}
