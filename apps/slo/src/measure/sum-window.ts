import { cycleAt, type Period } from '../calendar/period.ts'

/** A window over the buckets of a series, which moves with the newest of them. */
export interface SumWindow {
  /** Windows with the same key are the same. */
  readonly key: string
  /** The first bucket, when `end` is the bucket after the newest. */
  readonly start: (end: number) => number
  /** The bucket after the last one that counts; the newest when absent. */
  readonly stop?: number
}

/** The window of `ms` that ends with the newest bucket. */
export function rollingWindow(ms: number, bucketMs: number): SumWindow {
  const buckets = Math.ceil(ms / bucketMs)
  return { key: `last ${buckets}`, start: (end) => end - buckets }
}

/** The part of a period that is over. */
export function periodWindow(period: Period, bucketMs: number): SumWindow {
  const { calendar } = period
  if (calendar === undefined) return rollingWindow(period.ms, bucketMs)
  const { unit, count, zone, anchor } = calendar
  return { key: `every ${count} ${unit} from ${anchor} ${zone}`, start: (end) => Math.floor(cycleAt(calendar, end * bucketMs - 1).fromMs / bucketMs) }
}

/** The part of a window that lies from bucket `from` up to `to`. */
export function partOf(window: SumWindow, from: number, to: number): SumWindow {
  return { key: `${window.key} from ${from} to ${to}`, start: (end) => Math.max(from, window.start(end)), stop: to }
}
