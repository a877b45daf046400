import type { BoundQuery, Stretch } from '../measure/bound-query.ts'
import type { BucketCounts } from '../measure/event-store.ts'

/** The stretch that one scan counts. */
export interface ScanRange extends Stretch {
  readonly bucketMs: number
  /** First bucket; `fromMs` is its start. */
  readonly fromBucket: number
  /** The bucket after the last; the last one may be cut at `toMs`. */
  readonly toBucket: number
}

/** What one scan counted. */
export interface ScanResult {
  /** For each indicator of the source, in its order. */
  readonly series: readonly (readonly BucketCounts[])[]
  readonly rowsRead: number
  /** For each indicator: the rows that were looked at for it and for those that share them. */
  readonly cost: readonly number[]
}

/** Something that is read with one query, for all the indicators on it. */
export interface Source {
  /** Where its indicators stand in the request. */
  readonly indexes: readonly number[]
  /** For a person, when it cannot be read. */
  readonly label: string
  /** Whether somebody wrote the query himself: it then runs as the user for plain SQL. */
  readonly plainSql: boolean
  query(range: ScanRange): BoundQuery
  /** @throws SloError COUNT_INVALID */
  decode(rows: readonly unknown[], range: ScanRange): ScanResult
}
