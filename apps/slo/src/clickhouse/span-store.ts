import type { ClickHouse } from '@ballast/clickhouse'
import type { BoundQuery } from '../measure/bound-query.ts'
import type { BucketCounts, CountRequest, CountResult, EventStore } from '../measure/event-store.ts'
import { planSources } from '../source/plan-sources.ts'
import type { ScanRange, ScanResult, Source } from '../source/source.ts'

/** What a query that somebody wrote may take, beside the time: memory in bytes, rows of its answer. */
const PLAIN_SQL_LIMITS = { max_memory_usage: 512 * 1024 * 1024, max_result_rows: 100_000, result_overflow_mode: 'throw', max_threads: 2 } as const

export interface SpanStoreOptions {
  readonly clickhouse: ClickHouse
  /** Who runs the queries that somebody wrote: a user that may only read. @default clickhouse */
  readonly readOnly?: ClickHouse
  /** Time that one query may take, milliseconds. */
  readonly timeoutMs: number
}

/** Events in ClickHouse: spans, units of work, metrics of caches, queries of one's own. Read only, each query under a deadline on both sides. */
export class SpanStore implements EventStore {
  readonly #options: SpanStoreOptions
  /** Sources of lists of indicators: each tick asks for the same list. */
  readonly #planned = new WeakMap<object, readonly Source[]>()

  constructor(options: SpanStoreOptions) {
    this.#options = options
  }

  async countBuckets({ indicators, bucketMs, range, watermarkMs, signal }: CountRequest): Promise<CountResult> {
    const scanRange: ScanRange = { bucketMs, fromBucket: range.from, toBucket: range.to, fromMs: range.from * bucketMs, toMs: Math.min(range.to * bucketMs, watermarkMs) }
    const series = indicators.map((): readonly BucketCounts[] | undefined => undefined)
    const cost = indicators.map(() => 0)
    const failures: string[] = []
    let rowsRead = 0
    let fault: { readonly error: unknown } | undefined
    const sources = this.#sources(indicators)
    // One after the other: how many queries the engine has running does not depend on how many sources there are.
    for (const source of sources) {
      try {
        const result = await this.#scan(source, scanRange, signal)
        rowsRead += result.rowsRead
        for (const [place, index] of source.indexes.entries()) {
          series[index] = result.series[place]!
          cost[index] = result.cost[place]!
        }
      } catch (error) {
        signal.throwIfAborted()
        // A query that somebody wrote may be wrong, and is nobody else's business; that a table cannot be read is.
        if (!source.plainSql) fault ??= { error }
        failures.push(`${source.label}: ${(error as Error).message}`)
      }
    }
    if (fault !== undefined && failures.length === sources.length) throw fault.error
    return { series, rowsRead, cost, failures }
  }

  ping(signal: AbortSignal): Promise<void> {
    return this.#options.clickhouse.ping(signal)
  }

  #sources(indicators: CountRequest['indicators']): readonly Source[] {
    const planned = this.#planned.get(indicators) ?? planSources(indicators)
    this.#planned.set(indicators, planned)
    return planned
  }

  async #scan(source: Source, range: ScanRange, signal: AbortSignal): Promise<ScanResult> {
    const { clickhouse, readOnly = clickhouse } = this.#options
    const rows = source.plainSql
      ? await this.#query(readOnly, source.query(range), { ...PLAIN_SQL_LIMITS, session_timezone: 'UTC' }, signal)
      : await this.#query(clickhouse, source.query(range), {}, signal)
    return source.decode(rows, range)
  }

  #query<Row>(clickhouse: ClickHouse, { query, parameters }: BoundQuery, limits: Readonly<Record<string, string | number>>, signal: AbortSignal): Promise<readonly Row[]> {
    // The server gives up by itself as well, so that a client that is gone leaves no work behind.
    const settings = { ...limits, readonly: 1, max_execution_time: Math.ceil(this.#options.timeoutMs / 1000) }
    return clickhouse.query<Row>({ query, params: parameters, settings, signal, timeoutMs: this.#options.timeoutMs })
  }
}
