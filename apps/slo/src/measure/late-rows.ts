import type { BucketCounts, BucketRange } from './event-store.ts'
import type { MeasuredSeries } from './measured-series.ts'
import type { RollUp, RollUpRow } from './roll-up.ts'
import { type ScanContext, ScanPlan } from './scan-plan.ts'
import { noEvents, plus, sameSums, type Sums, sumsOf } from './sums.ts'

const HOUR_MS = 60 * 60 * 1000
/** Part of an age that is checked at once: small steps, so that no tick does much more than another. */
const STEPS_PER_AGE = 60
/** Stretches that are checked at once at most, after a pause. */
const MAX_STRETCHES = 120

/**
 * Counts buckets again when they have a certain age, for rows that came after they were final. Each bucket is read once for each age, so the
 * cost is that of the rows, not of history. Only buckets that differ are written, and the windows over them are read again.
 */
export class LateRows {
  readonly #rollUp: RollUp
  readonly #ages: readonly { readonly buckets: number; readonly step: number }[]
  /** For each age: buckets before this are checked. */
  readonly #checkedTo = new Map<number, number>()
  readonly #hour: number
  #plan: { readonly series: string; readonly plan: ScanPlan } | undefined

  constructor({ rollUp, bucketMs }: { readonly rollUp: RollUp; readonly bucketMs: number }, agesMs: readonly number[]) {
    this.#rollUp = rollUp
    this.#hour = HOUR_MS / bucketMs
    this.#ages = agesMs.map((ageMs) => {
      const buckets = Math.max(1, Math.ceil(ageMs / bucketMs))
      return { buckets, step: Math.max(1, Math.floor(Math.min(buckets, this.#hour) / STEPS_PER_AGE)) }
    })
  }

  /** Checks what has come of one age by `end`: of the age that waits longest, so that no refresh does the work of several. Gives the rows that were read. */
  async check(context: ScanContext, series: readonly MeasuredSeries[], end: number): Promise<number> {
    const due = this.#ages.flatMap(({ buckets, step }) => {
      const to = Math.floor((end - buckets) / step) * step
      const from = Math.max(this.#checkedTo.get(buckets) ?? to, to - MAX_STRETCHES * step)
      if (!this.#checkedTo.has(buckets)) this.#checkedTo.set(buckets, to)
      return from < to ? [{ buckets, from, to }] : []
    })
    const [next] = due.toSorted((a, b) => b.to - b.from - (a.to - a.from))
    if (next === undefined) return 0
    const { buckets, ...range } = next
    // What a slice without traffic holds is what was before it, which a stretch alone does not know.
    const known = series.filter((each) => each.from <= range.from && each.keptFinalTo >= range.to && each.series.slices?.noTraffic !== 'hold')
    const rowsRead = await this.#checkRange(context, known, range)
    this.#checkedTo.set(buckets, range.to)
    return rowsRead
  }

  async #checkRange(context: ScanContext, series: readonly MeasuredSeries[], range: BucketRange): Promise<number> {
    if (series.length === 0) return 0
    const ids = series.map((each) => each.series.id)
    const key = ids.join()
    if (this.#plan?.series !== key) this.#plan = { series: key, plan: new ScanPlan(series.map((each) => each.series)) }
    const { counts, rowsRead } = await this.#plan.plan.run(context, range)
    // First the sums, one for each series: as a rule nothing came late, and no bucket need be looked at. What is recent was kept as it is in memory.
    const isRecent = series.every(({ recent }) => recent.start <= range.from)
    const kept = isRecent ? undefined : await this.#rollUp.sums(ids, [range], context.signal)
    const keptOf = ({ series: { id }, recent }: MeasuredSeries): Sums => (kept === undefined ? recent.sum(range.from, range.to) : (kept.get(id)?.[0] ?? noEvents))
    const suspects = series.filter((each) => !sameSums(totalOf(counts.get(each.series.id) ?? [], range), keptOf(each)))
    if (suspects.length === 0) return rowsRead
    const buckets = await this.#rollUp.read(suspects.map((each) => each.series.id), range, context.signal)
    const rows: RollUpRow[] = []
    for (const each of suspects) {
      const changed = differences(counts.get(each.series.id) ?? [], buckets.get(each.series.id) ?? [], range)
      if (changed.length === 0) continue
      rows.push(...changed.map((bucket): RollUpRow => ({ series: each.series.id, bucket: bucket.bucket, sums: sumsOf(bucket), final: true })))
      each.correct(changed)
    }
    if (rows.length === 0) return rowsRead
    await this.#rollUp.write(rows, context.signal)
    const hours = { from: Math.floor(range.from / this.#hour) * this.#hour, to: Math.ceil(range.to / this.#hour) * this.#hour }
    await this.#rollUp.rollHours(hours, [...new Set(rows.map((row) => row.series))], context.signal)
    return rowsRead
  }
}

function totalOf(buckets: readonly BucketCounts[], { from, to }: BucketRange): Sums {
  return buckets.filter(({ bucket }) => bucket >= from && bucket < to).reduce((sum, bucket) => plus(sum, sumsOf(bucket)), noEvents)
}

/** Buckets that have events now and had other counts before. One that has none any more was dropped with its rows: what was counted stands. */
function differences(now: readonly BucketCounts[], before: readonly BucketCounts[], range: BucketRange): BucketCounts[] {
  const known = new Map(before.map((each) => [each.bucket, sumsOf(each)]))
  return now.filter((each) => {
    if (each.bucket < range.from || each.bucket >= range.to) return false
    const old = known.get(each.bucket)
    return old === undefined || !sameSums(old, sumsOf(each))
  })
}
