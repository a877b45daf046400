import type { BucketRange } from './event-store.ts'
import type { MeasuredSeries } from './measured-series.ts'
import type { RollUp } from './roll-up.ts'
import { noEvents, type Sums } from './sums.ts'

/** Buckets that may leave a window in one step; after a longer pause the window is read from the roll-up again. */
const MAX_LEAVING = 90
/** Series whose windows are read from the roll-up by one query. */
const SERIES_PER_QUERY = 1000

/** Text of a range, to look sums up by. */
export const rangeKey = ({ from, to }: BucketRange): string => `${from} ${to}`

/** What leaves the windows of series when they move on to `end`, by series and range. */
export async function leavingSums(rollUp: RollUp, series: readonly MeasuredSeries[], end: number, signal: AbortSignal): Promise<ReadonlyMap<string, ReadonlyMap<string, Sums>>> {
  const ranges = new Map<string, BucketRange>()
  const concerned: MeasuredSeries[] = []
  for (const each of series) {
    if (each.stale || each.end === end) continue
    const leaving = each.leaving(end)
    if (leaving.some(({ from, to }) => to - from > MAX_LEAVING)) each.stale = true
    else if (leaving.length > 0) {
      concerned.push(each)
      for (const range of leaving) ranges.set(rangeKey(range), range)
    }
  }
  const left = new Map<string, ReadonlyMap<string, Sums>>()
  if (concerned.length === 0) return left
  const sums = await rollUp.sums(concerned.map((each) => each.series.id), [...ranges.values()], signal)
  const keys = [...ranges.keys()]
  for (const [id, each] of sums) left.set(id, new Map(each.map((sum, index) => [keys[index]!, sum])))
  return left
}

/** Reads from the roll-up what lies before the recent buckets, for series that do not know it. */
export async function loadTails(rollUp: RollUp, series: readonly MeasuredSeries[], signal: AbortSignal): Promise<void> {
  const groups = new Map<string, { readonly ranges: readonly BucketRange[]; readonly keys: readonly string[]; readonly members: MeasuredSeries[] }>()
  for (const each of series) {
    if (!each.stale) continue
    const tails = each.tailRanges
    const key = [...tails].map(([window, range]) => `${window}: ${rangeKey(range)}`).join('\n')
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { ranges: [...tails.values()], keys: [...tails.keys()], members: [each] })
    else group.members.push(each)
  }
  for (const { ranges, keys, members } of groups.values()) {
    for (let first = 0; first < members.length; first += SERIES_PER_QUERY) {
      const batch = members.slice(first, first + SERIES_PER_QUERY)
      const ids = batch.map((each) => each.series.id)
      const sums = ranges.length === 0 ? new Map<string, readonly Sums[]>() : await rollUp.sums(ids, ranges, signal)
      const firstBuckets = await rollUp.firstBuckets(ids, signal)
      for (const each of batch) {
        const mine = sums.get(each.series.id)
        each.firstBucket = firstBuckets.get(each.series.id)
        each.load(new Map(keys.map((key, index) => [key, mine?.[index] ?? noEvents])))
      }
    }
  }
}
