import type { Counts } from '../burn/burn-rate.ts'
import { periodAt } from '../calendar/period.ts'
import type { Measurement } from '../measure/measurement.ts'
import { periodWindow, rollingWindow } from '../measure/sum-window.ts'
import { needOf } from './objective-needs.ts'
import type { Objective } from './objective.ts'

/** What was measured for one objective. Times in milliseconds. */
export interface Reading {
  /** Events of the window of this length that ends now. */
  readonly countsOf: (windowMs: number) => Counts
  /** Events of the period so far. */
  readonly period: Counts
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

/** Reads what was measured for an objective; `undefined` while a window of its tiers is not known. */
export function readingOf(objective: Objective, measurement: Pick<Measurement, 'sum' | 'facts' | 'bucketMs'>): Reading | undefined {
  const { bucketMs } = measurement
  const { series } = needOf(objective, bucketMs)
  const facts = measurement.facts(series.id)
  const whole = periodWindow(objective.period, bucketMs)
  const period = measurement.sum(series.id, whole)
  if (facts === undefined || period === undefined) return undefined
  const { end, from, finalTo, firstBucket = end } = facts
  const windows = new Map<number, Counts>()
  for (const ms of new Set(objective.tiers.flatMap(({ long, short }) => [long.ms, short.ms]))) {
    const window = rollingWindow(ms, bucketMs)
    const counts = measurement.sum(series.id, window)
    // A window that is not measured to its beginning would be judged by its end alone.
    if (counts === undefined || from > window.start(end)) return undefined
    windows.set(ms, counts)
  }
  const { fromMs, toMs } = periodAt(objective.period, end * bucketMs - 1)
  const start = whole.start(end)
  return {
    countsOf: (ms) => windows.get(ms)!,
    period,
    periodMs: toMs - fromMs,
    elapsedMs: objective.period.calendar === undefined ? toMs - fromMs : (end - start) * bucketMs,
    historyMs: Math.max(0, end - firstBucket) * bucketMs,
    coverage: (end - Math.max(start, from)) / (end - start),
    provisionalMs: Math.max(0, end - finalTo) * bucketMs,
    rowsRead: facts.cost,
  }
}
