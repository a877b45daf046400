import type { BucketRange } from './event-store.ts'
import type { MeasuredSeries } from './measured-series.ts'
import type { RollUp, RollUpRow } from './roll-up.ts'
import { type ScanContext, ScanPlan } from './scan-plan.ts'
import { sumsOf } from './sums.ts'

const DAY_MS = 24 * 60 * 60 * 1000
const HOUR_MS = 60 * 60 * 1000
/** Series whose past one scan counts at most: a day of each must fit memory. */
const MAX_SERIES = 200

/** How much of the past may be measured now. */
export interface PastLimits {
  /** Buckets before this are final, and only these are the past. */
  readonly finalTo: number
  /** Time that it may take, milliseconds; one step is always made. */
  readonly budgetMs: number
}

/** Measures what lies before the recent buckets of series, a day at a time, the newest first, until their windows are covered or time is up. */
export async function measurePast(context: ScanContext, rollUp: RollUp, series: readonly MeasuredSeries[], { finalTo, budgetMs }: PastLimits): Promise<{ readonly rowsRead: number; readonly moved: boolean }> {
  const startedAt = performance.now()
  let rowsRead = 0
  let moved = false
  /** Those whose source cannot be read: they are tried again at the next tick. */
  const unreadable = new Set<MeasuredSeries>()
  for (;;) {
    const behind = series.filter((each) => each.from > each.neededFrom && !unreadable.has(each))
    if (behind.length === 0 || (moved && performance.now() - startedAt >= budgetMs)) return { rowsRead, moved }
    // Those that are furthest behind, together: they mostly begin at the same time.
    const to = Math.max(...behind.map(({ from }) => from))
    const group = behind.filter(({ from }) => from === to).slice(0, MAX_SERIES)
    const range = pastRange(group, to, context.bucketMs)
    const measured = await measureStretch(context, rollUp, group, range, finalTo)
    rowsRead += measured.rowsRead
    for (const each of group) {
      if (measured.ids.has(each.series.id)) each.measuredFrom(range.from)
      else unreadable.add(each)
    }
    moved = true
  }
}

/** What of a stretch was counted. */
export interface MeasuredStretch {
  readonly rowsRead: number
  /** Series that were counted; a source may be unreadable. */
  readonly ids: ReadonlySet<string>
  readonly failures: readonly string[]
}

/** Counts a stretch that is over, and keeps it: buckets and hours. */
export async function measureStretch(context: ScanContext, rollUp: RollUp, series: readonly MeasuredSeries[], range: BucketRange, finalTo: number): Promise<MeasuredStretch> {
  const { bucketMs, signal } = context
  const { counts, rowsRead, failures } = await new ScanPlan(series.map((each) => each.series)).run(context, range)
  const rows = [...counts].flatMap(([id, buckets]) =>
    buckets.filter(({ bucket }) => bucket >= range.from && bucket < range.to).map((each): RollUpRow => ({ series: id, bucket: each.bucket, sums: sumsOf(each), final: true })),
  )
  await rollUp.write(rows, signal)
  const hour = HOUR_MS / bucketMs
  const hours = { from: Math.floor(range.from / hour) * hour, to: Math.min(Math.ceil(range.to / hour), Math.floor(finalTo / hour)) * hour }
  if (hours.from < hours.to) await rollUp.rollHours(hours, series.map((each) => each.series.id), signal)
  return { rowsRead, ids: new Set(counts.keys()), failures }
}

/** At most a day, which ends at `to` and begins at midnight, or where the series was measured before, or where nobody looks any more. */
function pastRange(group: readonly MeasuredSeries[], to: number, bucketMs: number): BucketRange {
  const day = DAY_MS / bucketMs
  const hour = HOUR_MS / bucketMs
  const midnight = Math.ceil(to / day - 1) * day
  const needed = Math.min(...group.map(({ neededFrom }) => Math.floor(neededFrom / hour) * hour))
  const known = Math.min(...group.map(({ older }) => (older === undefined ? Number.NEGATIVE_INFINITY : Math.floor(older.to / hour) * hour)))
  return { from: Math.max(midnight, needed, known), to }
}
