import type { Counts } from '../burn/burn-rate.ts'
import type { Indicator } from './indicator.ts'

/** The events of one bucket; `bucket` is its start divided by its length, so consecutive buckets are consecutive numbers. */
export interface BucketCounts extends Counts {
  readonly bucket: number
  /** The group these events belong to, of an indicator that has groups. */
  readonly group?: string
}

/** A stretch of buckets: from the first up to the last, which is not included. */
export interface BucketRange {
  readonly from: number
  readonly to: number
}

/** One round of scans for several indicators: one scan for each source, however many indicators read it. */
export interface CountRequest {
  readonly indicators: readonly Indicator[]
  readonly bucketMs: number
  readonly range: BucketRange
  /** Events after this are not counted yet. Milliseconds since the epoch. */
  readonly watermarkMs: number
  readonly signal: AbortSignal
}

/** What the scans gave. */
export interface CountResult {
  /** For each indicator, in order, its buckets in ascending order; `undefined` when its source could not be read. */
  readonly series: readonly (readonly BucketCounts[] | undefined)[]
  /** Rows that the scans looked at. */
  readonly rowsRead: number
  /** For each indicator: the rows that were looked at for it and for the others that share them. */
  readonly cost?: readonly number[]
  /** Why sources could not be read. */
  readonly failures?: readonly string[]
}

/** Where events are stored. */
export interface EventStore {
  /**
   * Counts good and total of each indicator by bucket: both from one query, so that they fit together.
   *
   * @throws when no source could be read, unless all of them are queries that somebody wrote.
   */
  countBuckets(request: CountRequest): Promise<CountResult>
  /** Rejects with a sentence when the store cannot be reached. */
  ping(signal: AbortSignal): Promise<void>
}
