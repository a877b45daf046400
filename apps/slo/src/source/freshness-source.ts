import { type BoundQuery, Parameters, timePredicate } from '../measure/bound-query.ts'
import type { FreshnessIndicator } from '../measure/indicator.ts'
import { countValue } from './count-value.ts'
import { rowTables, scopePredicate } from './row-table.ts'
import type { ScanRange, ScanResult, Source } from './source.ts'

interface NewestRow {
  readonly bucket: number
  readonly newestMs: string
  readonly rows: string
}

/** Whether the newest row was young enough at the end of each bucket: one event a bucket, good or bad. */
export class FreshnessSource implements Source {
  readonly indexes: readonly number[]
  readonly label: string
  readonly plainSql = false
  readonly #indicator: FreshnessIndicator

  constructor(index: number, indicator: FreshnessIndicator) {
    this.indexes = [index]
    this.label = rowTables[indicator.rows].table
    this.#indicator = indicator
  }

  query({ bucketMs, fromBucket, fromMs, toMs }: ScanRange): BoundQuery {
    const parameters = new Parameters()
    const { rows, scope, maxAgeMs } = this.#indicator
    const table = rowTables[rows]
    const query = [
      `SELECT toInt32(intDiv(toUnixTimestamp64Milli(Timestamp), ${parameters.bind('Int64', String(bucketMs))}) - ${parameters.bind('Int64', String(fromBucket))}) AS bucket,`,
      '  toUnixTimestamp64Milli(max(Timestamp)) AS newestMs, count() AS rows',
      `FROM ${table.table} WHERE ${scopePredicate(table, scope, parameters)} AND ${timePredicate({ fromMs: fromMs - maxAgeMs, toMs }, parameters)}`,
      'GROUP BY bucket ORDER BY bucket',
    ].join('\n')
    return { query, parameters: parameters.values }
  }

  decode(rows: readonly unknown[], { bucketMs, fromBucket, toBucket, toMs }: ScanRange): ScanResult {
    const newest = (rows as readonly NewestRow[]).map((row) => ({ bucket: row.bucket + fromBucket, atMs: countValue(row.newestMs, 'the newest time') }))
    const series = []
    let next = 0
    let newestMs = Number.NEGATIVE_INFINITY
    for (let bucket = fromBucket; bucket < toBucket; bucket++) {
      const endMs = Math.min((bucket + 1) * bucketMs, toMs)
      while (next < newest.length && newest[next]!.bucket <= bucket) newestMs = newest[next++]!.atMs
      series.push({ bucket, good: endMs - newestMs <= this.#indicator.maxAgeMs ? 1 : 0, total: 1 })
    }
    const rowsRead = (rows as readonly NewestRow[]).reduce((sum, row) => sum + countValue(row.rows, 'rows'), 0)
    return { series: [series], rowsRead, cost: [rowsRead] }
  }
}
