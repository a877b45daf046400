import type { BucketCounts } from './bucket-series.ts'
import type { Indicator } from './indicator.ts'

/** A stretch of buckets: from the first up to the last, which is not included. */
export interface BucketRange {
  readonly from: number
  readonly to: number
}

/** One scan for several indicators. */
export interface CountRequest {
  readonly indicators: readonly Indicator[]
  readonly bucketMs: number
  readonly range: BucketRange
  /** Events after this are not counted yet. Milliseconds since the epoch. */
  readonly watermarkMs: number
  readonly signal: AbortSignal
}

/** What a scan gave: for each indicator, in order, its buckets in ascending order. */
export interface CountResult {
  readonly series: readonly (readonly BucketCounts[])[]
  /** Rows of the indicators' services in this time: what the scan looked at. */
  readonly rowsRead: number
}

/** A question for examples of bad events. Times in milliseconds since the epoch; `toMs` is not included. */
export interface ExampleRequest {
  readonly indicator: Indicator
  readonly fromMs: number
  readonly toMs: number
  /** Traces at most. */
  readonly limit: number
  readonly signal: AbortSignal
}

/** Where events are stored. */
export interface EventStore {
  /** Counts good and total of each indicator by bucket: both from one query, so that they fit together. */
  countBuckets(request: CountRequest): Promise<CountResult>
  /** Trace ids of bad events of an indicator, newest first, by the very predicate that counts them. */
  exampleTraces(request: ExampleRequest): Promise<readonly string[]>
  /** Rejects with a sentence when the store cannot be reached. */
  ping(signal: AbortSignal): Promise<void>
}
