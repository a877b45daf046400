import { counterColumns, counterGrowth, tableNames } from '@ballast/clickhouse'
import { type BoundQuery, Parameters } from '../measure/bound-query.ts'
import type { CacheIndicator } from '../measure/indicator.ts'
import { countValue } from './count-value.ts'
import type { ScanRange, ScanResult, Source } from './source.ts'

const MINUTE_MS = 60_000
/** A counter grows from its point before the range, and points come at least this often. */
const LOOKBACK_MS = 5 * MINUTE_MS
const HIT = `tier IN ('local', 'redis')`

interface CacheRow {
  readonly bucket: number
  readonly service: string
  readonly namespace: string
  readonly cache: string
  readonly total: number
  readonly hits: number
  readonly fresh: number
}

/** What caches answered, from the roll-up of their metrics: one scan for all caches that indicators name. A minute is the finest step. */
export class CacheSource implements Source {
  readonly indexes: readonly number[]
  readonly label = tableNames.metricsMinute
  readonly plainSql = false
  readonly #indicators: readonly CacheIndicator[]

  constructor(indicators: readonly { readonly index: number; readonly indicator: CacheIndicator }[]) {
    this.indexes = indicators.map(({ index }) => index)
    this.#indicators = indicators.map(({ indicator }) => indicator)
  }

  query({ fromMs, toMs, bucketMs, fromBucket }: ScanRange): BoundQuery {
    const parameters = new Parameters()
    const seconds = (ms: number): string => parameters.bind('DateTime', Math.floor(ms / 1000))
    const startMs = Math.floor(fromMs / MINUTE_MS) * MINUTE_MS - LOOKBACK_MS
    const rows = `(SELECT ${counterColumns} FROM ${tableNames.metricsMinute} WHERE Time >= ${seconds(startMs)} AND Time < ${seconds(toMs)} AND Temporality > 0 AND MetricName = 'cache.gets')`
    const query = [
      `SELECT toUInt32(intDiv(toUnixTimestamp(time) * 1000, ${parameters.bind('Int64', String(bucketMs))}) - ${parameters.bind('Int64', String(fromBucket))}) AS bucket,`,
      `  ServiceName AS service, Attributes['cache.namespace'] AS namespace, Attributes['cache.name'] AS cache, Attributes['cache.tier'] AS tier, Attributes['cache.result'] AS result,`,
      // A double sum of whole numbers is whole again once it is rounded.
      `  toUInt64(round(sum(greatest(0, Increase)))) AS total, if(${HIT}, total, 0) AS hits, if(${HIT} AND result != 'stale', total, 0) AS fresh`,
      `FROM ${counterGrowth(rows, seconds(startMs))}`,
      `WHERE time >= ${seconds(fromMs)}`,
      'GROUP BY bucket, service, namespace, cache, tier, result HAVING total > 0',
    ].join('\n')
    return { query, parameters: parameters.values }
  }

  decode(rows: readonly unknown[], { fromBucket }: ScanRange): ScanResult {
    const series = this.#indicators.map(({ good, service, namespace, cache }) => {
      const counts = new Map<number, { good: number; total: number }>()
      for (const row of rows as readonly CacheRow[]) {
        if ((service ?? row.service) !== row.service || (namespace ?? row.namespace) !== row.namespace || (cache ?? row.cache) !== row.cache) continue
        const bucket = row.bucket + fromBucket
        const { good: goodBefore, total } = counts.get(bucket) ?? { good: 0, total: 0 }
        const [all, hits, fresh] = [row.total, row.hits, row.fresh].map((value) => countValue(value, 'answers of a cache')) as [number, number, number]
        counts.set(bucket, good === 'hit' ? { good: goodBefore + hits, total: total + all } : { good: goodBefore + fresh, total: total + hits })
      }
      return [...counts].filter(([, { total }]) => total > 0).map(([bucket, count]) => ({ bucket, ...count })).toSorted((a, b) => a.bucket - b.bucket)
    })
    return { series, rowsRead: rows.length, cost: this.indexes.map(() => rows.length) }
  }
}
