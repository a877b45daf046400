import type { Counts } from '../burn/burn-rate.ts'
import { periodAt } from '../calendar/period.ts'
import type { Measurement } from '../measure/measurement.ts'
import type { Series } from '../measure/series.ts'
import { plus, type Sums } from '../measure/sums.ts'
import { combined } from './composite.ts'
import { type NeededWindow, needOf } from './objective-needs.ts'
import type { Composite, Objective } from './objective.ts'

/** What was measured for one objective. Times in milliseconds. */
export interface Reading {
  /** The moment it is of, since the epoch. */
  readonly atMs: number
  /** Events of the window of this length that ends now. */
  readonly countsOf: (windowMs: number) => Counts
  /** Events of the period so far. */
  readonly period: Counts
  /** Of these, the events of the time of each older target. */
  readonly revised: readonly Counts[]
  /** Length of the whole period, and what of it is over. */
  readonly periodMs: number
  readonly elapsedMs: number
  /** Since when there have been events, to the hour; 0 without any. */
  readonly historyMs: number
  /** Part of the period so far that is measured: below 1 while its past is still being counted. */
  readonly coverage: number
  /** Time, up to now, in which counts may still change. */
  readonly provisionalMs: number
  /** Rows that the last scan looked at for this objective and those that share them. */
  readonly rowsRead: number
}

type Measured = Pick<Measurement, 'sum' | 'facts' | 'bucketMs'>

/** Reads what was measured for an objective; `undefined` while a window of its tiers is not known. */
export function readingOf(objective: Objective, measurement: Measured, nowMs: number): Reading | undefined {
  if (objective.composite !== undefined) return compositeReading(objective.composite, measurement, nowMs)
  const { bucketMs } = measurement
  const need = needOf(objective, bucketMs, nowMs)
  const facts = measurement.facts(need.series.id)
  const period = corrected(need.series, need.period, measurement)
  const revised = need.revisions.map((window) => corrected(need.series, window, measurement))
  if (facts === undefined || period === undefined || revised.includes(undefined)) return undefined
  const { end, from, finalTo, firstBucket = end } = facts
  const windows = new Map<number, Counts>()
  for (const [ms, window] of need.tiers) {
    const counts = corrected(need.series, window, measurement)
    // A window that is not measured to its beginning would be judged by its end alone.
    if (counts === undefined || from > window.window.start(end)) return undefined
    windows.set(ms, counts)
  }
  const { fromMs, toMs } = periodAt(objective.period, end * bucketMs - 1)
  const start = need.period.window.start(end)
  return {
    atMs: nowMs,
    countsOf: (ms) => windows.get(ms)!,
    period,
    revised: revised.filter((counts) => counts !== undefined),
    periodMs: toMs - fromMs,
    elapsedMs: objective.period.calendar === undefined ? toMs - fromMs : (end - start) * bucketMs,
    historyMs: Math.max(0, end - firstBucket) * bucketMs,
    coverage: (end - Math.max(start, from)) / (end - start),
    provisionalMs: Math.max(0, end - finalTo) * bucketMs,
    rowsRead: facts.cost,
  }
}

/** What was measured for an objective over others: known when all of its parts are. */
function compositeReading(composite: Composite, measurement: Measured, nowMs: number): Reading | undefined {
  const parts = composite.parts.map(({ objective }) => readingOf(objective, measurement, nowMs)).filter((reading) => reading !== undefined)
  const [first] = parts
  if (first === undefined || parts.length < composite.parts.length) return undefined
  return {
    atMs: nowMs,
    countsOf: (ms) => combined(composite, parts.map(({ countsOf }) => countsOf(ms))),
    period: combined(composite, parts.map(({ period }) => period)),
    revised: [],
    periodMs: first.periodMs,
    elapsedMs: first.elapsedMs,
    historyMs: Math.max(...parts.map(({ historyMs }) => historyMs)),
    coverage: Math.min(...parts.map(({ coverage }) => coverage)),
    provisionalMs: first.provisionalMs,
    rowsRead: parts.reduce((sum, { rowsRead }) => sum + rowsRead, 0),
  }
}

/** Events of a window without those that corrections leave out. */
function corrected(series: Series, { window, excluded }: NeededWindow, measurement: Measured): Sums | undefined {
  let sums = measurement.sum(series.id, window)
  for (const each of excluded) {
    const taken = measurement.sum(each.series.id, each.window)
    if (sums === undefined || taken === undefined) return undefined
    sums = plus(sums, taken, -1)
  }
  // Rows that two corrections describe are taken off twice.
  return sums && { good: Math.max(0, sums.good), total: Math.max(0, sums.good, sums.total), rows: Math.max(0, sums.rows), badRows: Math.max(0, sums.badRows) }
}
