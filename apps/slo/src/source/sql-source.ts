import { SloError } from '../errors.ts'
import type { BoundQuery } from '../measure/bound-query.ts'
import type { SqlIndicator, Threshold } from '../measure/indicator.ts'
import { RATIO_UNITS } from '../measure/slices.ts'
import { countValue } from './count-value.ts'
import type { ScanRange, ScanResult, Source } from './source.ts'

type SqlRow = Readonly<Partial<Record<'bucket' | 'good' | 'total' | 'value', unknown>>>

/** Parameters that the engine binds in a query of one's own, with their types. */
export const sqlParameters = ['from', 'to', 'bucketSeconds'] as const

/**
 * A query that somebody wrote: rows of `bucket` (a DateTime), `good` and `total`. It is sent as it stands; the time range and its own values
 * are bound by the server as `{from:DateTime64(3)}`, `{to:DateTime64(3)}`, `{bucketSeconds:UInt32}` and so on.
 */
export class SqlSource implements Source {
  readonly indexes: readonly number[]
  readonly label = 'a query of an objective'
  readonly plainSql = true
  readonly #indicator: SqlIndicator

  constructor(indexes: readonly number[], indicator: SqlIndicator) {
    this.indexes = indexes
    this.#indicator = indicator
  }

  query({ fromMs, toMs, bucketMs }: ScanRange): BoundQuery {
    const { query, parameters } = this.#indicator
    return { query, parameters: { ...parameters, from: (fromMs / 1000).toFixed(3), to: (toMs / 1000).toFixed(3), bucketSeconds: bucketMs / 1000 } }
  }

  decode(rows: readonly unknown[], { bucketMs, fromBucket, toBucket }: ScanRange): ScanResult {
    const series = rows.map((row) => {
      const { bucket } = row as SqlRow
      // DateTime comes as text in UTC: the client asks for it.
      const at = typeof bucket === 'number' ? bucket * 1000 : Date.parse(`${String(bucket).replace(' ', 'T')}Z`)
      const number = Math.floor(at / bucketMs)
      if (!(number >= fromBucket && number < toBucket)) throw invalid(`bucket ${JSON.stringify(bucket)}, which is not a time within the range that was asked for`)
      const counts = { bucket: number, ...this.#countsOf(row as SqlRow) }
      if (counts.good > counts.total) throw invalid(`${counts.good} good of ${counts.total} events`)
      return counts
    })
    if (new Set(series.map(({ bucket }) => bucket)).size !== series.length) throw invalid('the same bucket twice')
    const sorted = series.filter(({ total }) => total > 0).toSorted((a, b) => a.bucket - b.bucket)
    const rowsRead = rows.length
    return { series: this.indexes.map(() => sorted), rowsRead, cost: this.indexes.map(() => rowsRead) }
  }

  #countsOf({ good, total, value }: SqlRow): { readonly good: number; readonly total: number } {
    const { form } = this.#indicator
    if (form === undefined) return { good: countValue(good, 'good'), total: countValue(total, 'total') }
    if (value === null) return { good: 0, total: 0 }
    const number = Number(value)
    if (value === undefined || !Number.isFinite(number)) throw invalid(`the value ${JSON.stringify(value)}`)
    if (form.kind === 'threshold') return { good: form.threshold !== undefined && compares(number, form.threshold) ? 1 : 0, total: 1 }
    if (number < 0 || number > 1) throw invalid(`the ratio ${number}`)
    const units = Math.round(number * RATIO_UNITS)
    return { good: form.type === 'success' ? units : RATIO_UNITS - units, total: RATIO_UNITS }
  }
}

function compares(value: number, { op, value: limit }: Threshold): boolean {
  if (op === 'lt') return value < limit
  if (op === 'lte') return value <= limit
  return op === 'gt' ? value > limit : value >= limit
}

function invalid(what: string): SloError {
  return new SloError('COUNT_INVALID', `a query of an objective gave ${what}; it must give one row for each bucket: bucket and good, total; or bucket and value for a ratio or a threshold.`)
}
