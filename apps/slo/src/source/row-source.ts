import { type BoundQuery, Parameters, timePredicate } from '../measure/bound-query.ts'
import type { BucketCounts } from '../measure/event-store.ts'
import type { CompletenessIndicator, GroupBy, RowIndicator, RowScope } from '../measure/indicator.ts'
import { countValue } from './count-value.ts'
import { RowDimensions, type RowTest } from './row-dimensions.ts'
import { type RowTable, rowTables } from './row-table.ts'
import type { ScanRange, ScanResult, Source } from './source.ts'

type Counted = RowIndicator | CompletenessIndicator

/** A class of rows of one bucket: its numbers, how many rows it has, and how many they stand for. */
interface ClassRow {
  readonly bucket: number
  readonly dims: readonly number[]
  readonly g?: string
  readonly rows: string
  readonly weight: string
}

/** What a class of rows is to one indicator. */
interface Match {
  readonly index: number
  readonly total: boolean
  readonly good: boolean
}

interface MutableCounts {
  good: number
  total: number
  rows: number
  badRows: number
}

/** Spans, or events of units of work: one scan for all indicators on a table that have the same groups. */
export class RowSource implements Source {
  readonly indexes: readonly number[]
  readonly label: string
  readonly plainSql = false
  readonly #table: RowTable
  readonly #groupBy: GroupBy | undefined
  readonly #dimensions: RowDimensions
  readonly #tests: readonly { readonly inTotal: RowTest; readonly isGood: RowTest; readonly partOfTotal: boolean; readonly service: string }[]
  /** Classes that were seen, and whom they concern. They are few: one for each combination that indicators name. */
  readonly #matches = new Map<string, readonly Match[]>()

  constructor(rows: 'spans' | 'work', indicators: readonly { readonly index: number; readonly indicator: Counted }[], groupBy?: GroupBy) {
    this.#table = rowTables[rows]
    this.#groupBy = groupBy
    this.label = this.#table.table
    this.indexes = indicators.map(({ index }) => index)
    const scopes = indicators.flatMap(({ indicator }): RowScope[] => (indicator.template === 'completeness' ? [indicator.expected, indicator.arrived] : [indicator.total]))
    const dimensions = new RowDimensions(this.#table, scopes, indicators.flatMap(({ indicator }) => (indicator.template === 'completeness' ? [] : [indicator.conditions])))
    this.#dimensions = dimensions
    this.#tests = indicators.map(({ indicator }) => {
      if (indicator.template === 'completeness') {
        return { inTotal: dimensions.inScope(indicator.expected), isGood: dimensions.inScope(indicator.arrived), partOfTotal: false, service: indicator.expected.service }
      }
      const described = dimensions.meets(indicator.conditions)
      const isGood: RowTest = indicator.counts === 'good' ? described : (dims) => !described(dims)
      return { inTotal: dimensions.inScope(indicator.total), isGood, partOfTotal: true, service: indicator.total.service }
    })
  }

  query(range: ScanRange): BoundQuery {
    const parameters = new Parameters()
    const group = this.#groupExpression(parameters)
    const query = [
      `SELECT toUInt32(intDiv(toUnixTimestamp64Milli(Timestamp), ${parameters.bind('Int64', String(range.bucketMs))}) - ${parameters.bind('Int64', String(range.fromBucket))}) AS bucket,`,
      `  [${this.#dimensions.expressions(parameters).join(', ')}] AS dims,${group === undefined ? '' : ` ${group} AS g,`}`,
      '  count() AS rows, sum(SampleRate) AS weight',
      `FROM ${this.#table.table}`,
      `WHERE ${this.#table.always === '1' ? '' : `${this.#table.always} AND `}ServiceName IN ${parameters.bind('Array(String)', this.#dimensions.services)} AND ${timePredicate(range, parameters)}`,
      `GROUP BY bucket, dims${group === undefined ? '' : ', g'}`,
    ].join('\n')
    return { query, parameters: parameters.values }
  }

  decode(rows: readonly unknown[], { fromBucket }: ScanRange): ScanResult {
    const counts = this.indexes.map(() => new Map<string, { readonly bucket: number; readonly group: string | undefined; readonly sums: MutableCounts }>())
    const cost = new Map<number, number>()
    let rowsRead = 0
    for (const row of rows as readonly ClassRow[]) {
      const [number, weight] = [countValue(row.rows, 'rows'), countValue(row.weight, 'sum(SampleRate)')]
      rowsRead += number
      // The service is the first dimension.
      cost.set(row.dims[0]!, (cost.get(row.dims[0]!) ?? 0) + number)
      for (const { index, total, good } of this.#matchesOf(row.dims)) {
        const key = row.g === undefined ? String(row.bucket) : `${row.bucket} ${row.g}`
        let entry = counts[index]!.get(key)
        if (entry === undefined) counts[index]!.set(key, (entry = { bucket: row.bucket + fromBucket, group: row.g, sums: { good: 0, total: 0, rows: 0, badRows: 0 } }))
        add(entry.sums, number, weight, total, good)
      }
    }
    const series = counts.map((buckets, index) =>
      [...buckets.values()]
        .filter(({ sums }) => sums.total > 0)
        .map(({ bucket, group, sums }) => bucketCounts(bucket, group, sums, this.#tests[index]!.partOfTotal))
        .toSorted((a, b) => a.bucket - b.bucket),
    )
    const services = this.#dimensions.services
    return { series, rowsRead, cost: this.#tests.map(({ service }) => cost.get(services.indexOf(service) + 1) ?? 0) }
  }

  #matchesOf(dims: readonly number[]): readonly Match[] {
    const key = dims.join()
    let matches = this.#matches.get(key)
    if (matches === undefined) {
      matches = this.#tests.flatMap(({ inTotal, isGood, partOfTotal }, index) => {
        const total = inTotal(dims)
        const good = (total || !partOfTotal) && isGood(dims)
        return total || good ? [{ index, total, good }] : []
      })
      this.#matches.set(key, matches)
    }
    return matches
  }

  #groupExpression(parameters: Parameters): string | undefined {
    if (this.#groupBy === undefined) return undefined
    if (this.#groupBy === 'tenant') return 'toString(TenantId)'
    if (this.#groupBy === 'operation') return `toString(${this.#table.operation})`
    return `${this.#table.attributes}[${parameters.bind('String', this.#groupBy.attribute)}]`
  }
}

function add(sums: MutableCounts, rows: number, weight: number, total: boolean, good: boolean): void {
  if (good) sums.good += weight
  if (!total) return
  sums.total += weight
  sums.rows += rows
  if (!good) sums.badRows += rows
}

function bucketCounts(bucket: number, group: string | undefined, { good, total, rows, badRows }: MutableCounts, partOfTotal: boolean): BucketCounts {
  // More rows may arrive than were expected in one bucket; then all that were expected did.
  const counts = { bucket, good: Math.min(countValue(good, 'good events'), total), total: countValue(total, 'all events') }
  return { ...counts, ...(partOfTotal ? { rows, badRows } : {}), ...(group === undefined ? {} : { group }) }
}
