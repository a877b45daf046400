import type { BucketCounts, BucketRange } from './event-store.ts'
import type { Sums } from './sums.ts'

/** One bucket of one series, to be kept. */
export interface RollUpRow {
  readonly series: string
  readonly bucket: number
  readonly sums: Sums
  /** Whether it will only change by rows that come very late. */
  readonly final: boolean
}

/** How far a series is measured for good. */
export interface SeriesMark {
  readonly series: string
  /** What it counts, for a person. */
  readonly definition: string
  readonly measured: BucketRange
}

/** Where measured buckets are kept. To write again what was written is harmless: the newest counts stand. */
export interface RollUp {
  /** How far series are measured; those that never were are not in it. */
  marks(series: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, BucketRange>>
  saveMarks(marks: readonly SeriesMark[], signal: AbortSignal): Promise<void>
  write(rows: readonly RollUpRow[], signal: AbortSignal): Promise<void>
  /** Makes the hours of `range`, which is whole hours, from its buckets; of all series when none are given. */
  rollHours(range: BucketRange, series: readonly string[] | undefined, signal: AbortSignal): Promise<void>
  /** Sums of each range. Whole hours inside a range must have been rolled. Series without events may be missing. */
  sums(series: readonly string[], ranges: readonly BucketRange[], signal: AbortSignal): Promise<ReadonlyMap<string, readonly Sums[]>>
  /** The buckets that have events, ascending. */
  read(series: readonly string[], range: BucketRange, signal: AbortSignal): Promise<ReadonlyMap<string, readonly BucketCounts[]>>
  /** The hours of a series that have events, ascending, each at its first bucket. */
  readHours(series: string, range: BucketRange, signal: AbortSignal): Promise<readonly BucketCounts[]>
  /** The first bucket that has events, to the hour. */
  firstBuckets(series: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, number>>
}
