import { type ClickHouse, tableNames } from '@ballast/clickhouse'
import { SloError } from '../errors.ts'
import type { BucketCounts } from '../measure/bucket-series.ts'
import type { CountRequest, CountResult, EventStore, ExampleRequest } from '../measure/event-store.ts'
import type { BoundQuery } from '../measure/bound-query.ts'
import { countBucketsQuery, exampleTracesQuery } from '../measure/spans-query.ts'

/** Spans in ClickHouse, read only, each query under a deadline on both sides. */
export class SpanStore implements EventStore {
  readonly #clickhouse: ClickHouse
  readonly #timeoutMs: number

  /** @param timeoutMs - time that one query may take, milliseconds. */
  constructor(clickhouse: ClickHouse, timeoutMs: number) {
    this.#clickhouse = clickhouse
    this.#timeoutMs = timeoutMs
  }

  async countBuckets({ indicators, bucketMs, range, watermarkMs, signal }: CountRequest): Promise<CountResult> {
    if (indicators.length === 0) return { series: [], rowsRead: 0 }
    const [fromMs, toMs] = [range.from * bucketMs, Math.min(range.to * bucketMs, watermarkMs)]
    const query = countBucketsQuery(tableNames.traces, { indicators, bucketMs, fromMs, toMs })
    const rows = await this.#query<Record<string, string>>(query, signal)
    const series = indicators.map((_, index) => rows.flatMap((row) => bucketOf(row, index)))
    return { series, rowsRead: rows.reduce((sum, row) => sum + wholeNumber(row, 'spans'), 0) }
  }

  async exampleTraces({ signal, ...request }: ExampleRequest): Promise<readonly string[]> {
    const rows = await this.#query<{ traceId: string }>(exampleTracesQuery(tableNames.traces, request), signal)
    return rows.map(({ traceId }) => traceId)
  }

  ping(signal: AbortSignal): Promise<void> {
    return this.#clickhouse.ping(signal)
  }

  #query<Row>({ query, parameters }: BoundQuery, signal: AbortSignal): Promise<readonly Row[]> {
    // The server gives up by itself as well, so that a client that is gone leaves no work behind.
    const settings = { readonly: 1, max_execution_time: Math.ceil(this.#timeoutMs / 1000) }
    return this.#clickhouse.query<Row>({ query, params: parameters, settings, signal, timeoutMs: this.#timeoutMs })
  }
}

/** The counts of one indicator in one row; nothing when the bucket has no event of it. */
function bucketOf(row: Readonly<Record<string, string>>, index: number): BucketCounts[] {
  const total = wholeNumber(row, `total_${index}`)
  return total === 0 ? [] : [{ bucket: wholeNumber(row, 'bucket'), good: wholeNumber(row, `good_${index}`), total }]
}

/** @throws SloError COUNT_INVALID for what a double cannot hold exactly: better no figure than a wrong one. */
function wholeNumber(row: Readonly<Record<string, string>>, column: string): number {
  const value = Number(row[column])
  if (Number.isSafeInteger(value) && value >= 0) return value
  const counted = `ClickHouse counted ${String(row[column])} for ${column}, which is not a whole number from 0 to 2^53 − 1`
  throw new SloError('COUNT_INVALID', `${counted}; look at the column SampleRate.`)
}
