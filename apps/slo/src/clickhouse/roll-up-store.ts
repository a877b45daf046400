import { randomUUID } from 'node:crypto'
import { BlockBuilder, type ClickHouse, FixedColumn, StringColumn, tableNames, tables } from '@ballast/clickhouse'
import { Parameters } from '../measure/bound-query.ts'
import type { BucketCounts, BucketRange } from '../measure/event-store.ts'
import type { RollUp, RollUpRow, SeriesMark } from '../measure/roll-up.ts'
import { noEvents, type Sums } from '../measure/sums.ts'
import { countValue } from '../source/count-value.ts'

const HOUR_MS = 3_600_000
/** Names in a query at most; where more series are asked for, all are read. */
const MAX_NAMED = 2000
/** The same for minutes, in which series lie side by side: to look for so many costs more than to read them all. */
const MAX_NAMED_MINUTES = 500
/** The same for a statement, whose values stand in its address. */
const MAX_NAMED_IN_STATEMENT = 300
/** Rows of one series and time are in one partition, so that a partition of one part need not be looked through for newer ones. */
const FINAL_SETTINGS = { do_not_merge_across_partitions_select_final: 1 } as const
const WORD = 2 ** 32
const MEASURES = ['Good', 'Total', 'Rows', 'BadRows'] as const

/** Sums of a series: for each of the measures one for each range, decimals as text. */
interface SumRow {
  readonly series: string
  readonly sums: readonly (readonly string[])[]
}

/** Measured buckets in ClickHouse: minutes, and the hours made of them. */
export class RollUpStore implements RollUp {
  readonly #clickhouse: ClickHouse
  readonly #bucketMs: number
  readonly #timeoutMs: number
  readonly #minutes = BlockBuilder.forTable(tables.sloMinute)

  /** @param options - `bucketMs`: length of a bucket, whole seconds; `timeoutMs`: time that one query may take. */
  constructor(clickhouse: ClickHouse, { bucketMs, timeoutMs }: { readonly bucketMs: number; readonly timeoutMs: number }) {
    this.#clickhouse = clickhouse
    this.#bucketMs = bucketMs
    this.#timeoutMs = timeoutMs
  }

  async marks(series: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, BucketRange>> {
    const rows = await this.#query<{ series: string; measuredFrom: number; finalTo: number }>(
      `SELECT Series AS series, toUnixTimestamp(MeasuredFrom) AS measuredFrom, toUnixTimestamp(FinalTo) AS finalTo FROM ${tableNames.sloSeries} FINAL`,
      new Parameters(),
      series,
      [],
      signal,
    )
    return new Map(rows.map((row) => [row.series, { from: this.#bucketOf(row.measuredFrom), to: this.#bucketOf(row.finalTo) }]))
  }

  async saveMarks(marks: readonly SeriesMark[], signal: AbortSignal): Promise<void> {
    if (marks.length === 0) return
    const version = String(Date.now())
    const lines = marks.map(({ series, definition, measured }) =>
      JSON.stringify({ Series: series, Definition: definition, MeasuredFrom: this.#seconds(measured.from), FinalTo: this.#seconds(measured.to), Version: version }),
    )
    await this.#insert(tableNames.sloSeries, 'JSONEachRow', Buffer.from(`${lines.join('\n')}\n`), signal)
  }

  async write(rows: readonly RollUpRow[], signal: AbortSignal): Promise<void> {
    if (rows.length === 0) return
    const block = this.#minutes
    const [series, time, final, version] = [block.column('Series', StringColumn), block.column('Time', FixedColumn), block.column('Final', FixedColumn), block.column('Version', FixedColumn)]
    const [good, total, counted, bad] = MEASURES.map((name) => block.column(name, FixedColumn)) as [FixedColumn, FixedColumn, FixedColumn, FixedColumn]
    const now = Date.now()
    block.clear()
    for (const row of rows) {
      series.appendText(row.series)
      time.append(this.#seconds(row.bucket))
      appendCount(good, row.sums.good)
      appendCount(total, row.sums.total)
      appendCount(counted, row.sums.rows)
      appendCount(bad, row.sums.badRows)
      final.append(row.final)
      appendCount(version, now)
    }
    await this.#insert(tableNames.sloMinute, 'Native', block.finish(), signal)
  }

  async rollHours(range: BucketRange, series: readonly string[] | undefined, signal: AbortSignal): Promise<void> {
    const parameters = new Parameters()
    const where = [this.#within(range, parameters), ...named(series ?? [], parameters, MAX_NAMED_IN_STATEMENT)].join(' AND ')
    const sums = MEASURES.map((name) => `sum(${name})`).join(', ')
    await this.#clickhouse.command({
      query: `INSERT INTO ${tableNames.sloHour} (Series, Time, ${MEASURES.join(', ')}, Version) SELECT Series, toStartOfHour(Time, 'UTC') AS Hour, ${sums}, toUnixTimestamp64Milli(now64(3)) FROM ${tableNames.sloMinute} FINAL WHERE ${where} GROUP BY Series, Hour`,
      params: parameters.values,
      settings: { ...FINAL_SETTINGS, max_execution_time: Math.ceil(this.#timeoutMs / 1000) },
      signal,
      timeoutMs: this.#timeoutMs,
    })
  }

  async sums(series: readonly string[], ranges: readonly BucketRange[], signal: AbortSignal): Promise<ReadonlyMap<string, readonly Sums[]>> {
    const hour = HOUR_MS / this.#bucketMs
    const parts = ranges.map(({ from, to }) => {
      const hours = { from: Math.ceil(from / hour) * hour, to: Math.floor(to / hour) * hour }
      return hours.from < hours.to ? { hours: [hours], minutes: [{ from, to: hours.from }, { from: hours.to, to }] } : { hours: [], minutes: [{ from, to }] }
    })
    const totals = new Map<string, Sums[]>()
    const answers = await Promise.all([
      this.#sumRows(tableNames.sloHour, series, parts.map((part) => part.hours), signal),
      this.#sumRows(tableNames.sloMinute, series, parts.map((part) => part.minutes), signal),
    ])
    for (const row of answers.flat()) {
      const known = totals.get(row.series) ?? ranges.map(() => noEvents)
      totals.set(row.series, known.map((sums, index) => added(sums, row, index)))
    }
    return totals
  }

  read(series: readonly string[], range: BucketRange, signal: AbortSignal): Promise<ReadonlyMap<string, readonly BucketCounts[]>> {
    return this.#read(tableNames.sloMinute, series, range, signal)
  }

  async readHours(series: string, range: BucketRange, signal: AbortSignal): Promise<readonly BucketCounts[]> {
    return (await this.#read(tableNames.sloHour, [series], range, signal)).get(series) ?? []
  }

  async #read(table: string, series: readonly string[], range: BucketRange, signal: AbortSignal): Promise<ReadonlyMap<string, readonly BucketCounts[]>> {
    const parameters = new Parameters()
    const rows = await this.#query<{ series: string; at: number; counts: readonly string[] }>(
      `SELECT Series AS series, toUnixTimestamp(Time) AS at, [${MEASURES.join(', ')}] AS counts FROM ${table} FINAL`,
      parameters,
      series,
      [this.#within(range, parameters)],
      signal,
      'ORDER BY at',
      maxNamed(table),
    )
    const buckets = new Map<string, BucketCounts[]>()
    for (const { series: id, at, counts } of rows) {
      const [good, total, counted, badRows] = counts.map((value) => countValue(value, 'a measured bucket')) as [number, number, number, number]
      const list = buckets.get(id) ?? []
      list.push({ bucket: this.#bucketOf(at), good, total, rows: counted, badRows })
      buckets.set(id, list)
    }
    return buckets
  }

  async firstBuckets(series: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, number>> {
    const first = new Map<string, number>()
    // What is younger than an hour or two is in the minutes only.
    for (const table of [tableNames.sloHour, tableNames.sloMinute]) {
      const missing = series.filter((id) => !first.has(id))
      if (missing.length === 0) break
      const rows = await this.#query<{ series: string; at: number }>(`SELECT Series AS series, toUnixTimestamp(min(Time)) AS at FROM ${table}`, new Parameters(), missing, ['Total > 0'], signal, 'GROUP BY Series')
      for (const { series: id, at } of rows) first.set(id, this.#bucketOf(at))
    }
    return first
  }

  #sumRows(table: string, series: readonly string[], stretches: readonly (readonly BucketRange[])[], signal: AbortSignal): Promise<readonly SumRow[]> {
    const wanted = stretches.flat().filter(({ from, to }) => from < to)
    if (wanted.length === 0) return Promise.resolve([])
    const parameters = new Parameters()
    const inside = stretches.map((each) => each.filter(({ from, to }) => from < to).map((stretch) => `(${this.#within(stretch, parameters)})`).join(' OR ') || '0')
    const columns = MEASURES.map((name) => `[${inside.map((condition) => `sumIf(${name}, ${condition})`).join(', ')}]`)
    const anywhere = [...new Set(wanted.map((stretch) => `(${this.#within(stretch, parameters)})`))].join(' OR ')
    return this.#query<SumRow>(`SELECT Series AS series, [${columns.join(', ')}] AS sums FROM ${table} FINAL`, parameters, series, [`(${anywhere})`], signal, 'GROUP BY Series', maxNamed(table))
  }

  #query<Row>(select: string, parameters: Parameters, series: readonly string[], conditions: readonly string[], signal: AbortSignal, rest = '', max = MAX_NAMED): Promise<readonly Row[]> {
    const where = [...named(series, parameters, max), ...conditions]
    return this.#clickhouse.query<Row>({
      query: `${select}${where.length === 0 ? '' : ` WHERE ${where.join(' AND ')}`} ${rest}`,
      params: parameters.values,
      settings: { ...FINAL_SETTINGS, readonly: 1, max_execution_time: Math.ceil(this.#timeoutMs / 1000) },
      signal,
      timeoutMs: this.#timeoutMs,
    })
  }

  async #insert(table: string, format: 'Native' | 'JSONEachRow', body: Uint8Array, signal: AbortSignal): Promise<void> {
    await this.#clickhouse.insertBlock({ table, format, body, deduplicationToken: randomUUID(), signal, timeoutMs: this.#timeoutMs })
  }

  #within({ from, to }: BucketRange, parameters: Parameters): string {
    return `Time >= ${parameters.bind('DateTime', this.#seconds(from))} AND Time < ${parameters.bind('DateTime', this.#seconds(to))}`
  }

  #seconds(bucket: number): number {
    return Math.max(0, (bucket * this.#bucketMs) / 1000)
  }

  #bucketOf(seconds: number): number {
    return Math.floor((seconds * 1000) / this.#bucketMs)
  }
}

function maxNamed(table: string): number {
  return table === tableNames.sloMinute ? MAX_NAMED_MINUTES : MAX_NAMED
}

function named(series: readonly string[], parameters: Parameters, max: number): string[] {
  return series.length === 0 || series.length > max ? [] : [`Series IN ${parameters.bind('Array(String)', series)}`]
}

function appendCount(column: FixedColumn, count: number): void {
  column.append64(count % WORD, Math.floor(count / WORD))
}

function added(sums: Sums, row: SumRow, index: number): Sums {
  const [good, total, rows, badRows] = row.sums.map((values) => countValue(values[index], 'measured buckets')) as [number, number, number, number]
  return { good: sums.good + good, total: sums.total + total, rows: sums.rows + rows, badRows: sums.badRows + badRows }
}
