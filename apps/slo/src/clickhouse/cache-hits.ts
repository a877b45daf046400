import { type ClickHouse, counterColumns, counterGrowth, tableNames } from '@ballast/clickhouse'

const MINUTE_MS = 60_000
/** Time that the figure covers: the range that the dashboards open with. */
const RANGE_MS = 60 * MINUTE_MS
/** A minute is counted when its last metrics have had this long to arrive. */
const SETTLED_AFTER_MS = 10_000
/** How long one answer is given again: a page that many look at costs one query. */
const FRESH_FOR_MS = 5_000
/** The console waits no longer for it, whatever a query may take elsewhere. */
const TIMEOUT_MS = 2_000

/** How often the caches of all services answered without a load, over whole minutes. */
export interface CacheHits {
  readonly fromMs: number
  /** End of the last minute that is in it. */
  readonly toMs: number
  readonly reads: number
  /** Share of the reads that the local tier or Redis answered; `null` without reads. */
  readonly hitRatio: number | null
}

/** Reads the headline of the caches from the roll-up that the dashboards read, by the same definition. */
export class CacheHitsReader {
  readonly #clickhouse: Pick<ClickHouse, 'query'>
  readonly #now: () => number
  #readAtMs = -Infinity
  #hits: Promise<CacheHits> | undefined

  constructor(clickhouse: Pick<ClickHouse, 'query'>, now: () => number = Date.now) {
    this.#clickhouse = clickhouse
    this.#now = now
  }

  /** The newest figure, at most a few seconds old. Rejects when ClickHouse does not answer. */
  read(): Promise<CacheHits> {
    const nowMs = this.#now()
    if (this.#hits === undefined || nowMs - this.#readAtMs >= FRESH_FOR_MS) {
      this.#readAtMs = nowMs
      this.#hits = this.#query(nowMs)
    }
    return this.#hits
  }

  async #query(nowMs: number): Promise<CacheHits> {
    const toMs = Math.floor((nowMs - SETTLED_AFTER_MS) / MINUTE_MS) * MINUTE_MS
    const fromMs = toMs - RANGE_MS
    const rows = `(SELECT ${counterColumns} FROM ${tableNames.metricsMinute} WHERE Time >= {from:DateTime} AND Time < {to:DateTime} AND Temporality > 0 AND MetricName = 'cache.gets')`
    const [row] = await this.#clickhouse.query<{ reads: number; hits: number }>({
      query: `SELECT sum(Increase) AS reads, sumIf(Increase, Attributes['cache.tier'] IN ('local', 'redis')) AS hits FROM ${counterGrowth(rows, '{from:DateTime}')}`,
      params: { from: fromMs / 1000, to: toMs / 1000 },
      settings: { readonly: 1, max_execution_time: TIMEOUT_MS / 1000 },
      timeoutMs: TIMEOUT_MS,
    })
    const { reads = 0, hits = 0 } = row ?? {}
    return { fromMs, toMs, reads, hitRatio: reads === 0 ? null : hits / reads }
  }
}
