import { randomUUID } from 'node:crypto'
import { BlockBuilder, type ClickHouse, FixedColumn, StringColumn, tableNames, tables } from '@ballast/clickhouse'
import { Parameters } from '../measure/bound-query.ts'
import type { BucketCounts, BucketRange } from '../measure/event-store.ts'
import type { RollUp, RollUpRow, SeriesMark } from '../measure/roll-up.ts'
import type { Sums } from '../measure/sums.ts'
import { countValue } from '../source/count-value.ts'

const HOUR_MS = 3_600_000
const QUARTER_MS = 900_000
/** Quarters of an hour that a query names at most. */
const MAX_QUARTERS = 100
/** Names in a query at most; where more series are asked for, all are read. */
const MAX_NAMED = 2000
/** The same for minutes, in which series lie side by side: to look for so many costs more than to read them all. */
const MAX_NAMED_MINUTES = 500
/** The same for a statement, whose values stand in its address. */
const MAX_NAMED_IN_STATEMENT = 300
/**
 * Rows that are told apart by a hash table at most. More of them are cheaper to read in the order of the table, with `FINAL`, which in turn
 * looks at every row of the granules that it reads, and of each quarter of an hour for one minute of it.
 */
const MAX_HASHED = 50_000
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
    const parameters = new Parameters()
    const rows = await this.#query<{ series: string; measuredFrom: number; finalTo: number }>(
      `SELECT Series AS series, toUnixTimestamp(MeasuredFrom) AS measuredFrom, toUnixTimestamp(FinalTo) AS finalTo FROM ${tableNames.sloSeries} FINAL ${where(named(series, parameters, MAX_NAMED))}`,
      parameters,
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
    const conditions = [this.#within(range), ...named(series ?? [], parameters, MAX_NAMED_IN_STATEMENT)]
    const sums = MEASURES.map((name) => `sum(${name})`).join(', ')
    await this.#clickhouse.command({
      query: `INSERT INTO ${tableNames.sloHour} (Series, Time, ${MEASURES.join(', ')}, Version) SELECT Series, toStartOfHour(Time, 'UTC') AS Hour, ${sums}, toUnixTimestamp64Milli(now64(3)) FROM ${tableNames.sloMinute} FINAL ${where(conditions)} GROUP BY Series, Hour`,
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
    const parameters = new Parameters()
    const inRange = parts.map((part) => `if(IsHour = 1, ${this.#withinAny(part.hours)}, ${this.#withinAny(part.minutes)})`)
    const sources = [
      ...this.#newest(tableNames.sloHour, series, parts.flatMap((part) => part.hours), parameters, '1 AS IsHour'),
      ...this.#newest(tableNames.sloMinute, series, parts.flatMap((part) => part.minutes), parameters, '0 AS IsHour'),
    ]
    if (sources.length === 0) return new Map()
    // Of a single range the sources hold nothing else.
    const columns = MEASURES.map((name) => (ranges.length === 1 ? `[sum(${name})]` : `[${inRange.map((condition) => `sumIf(${name}, ${condition})`).join(', ')}]`))
    // One query: the server takes longer to begin one than to read a month of a series.
    const rows = await this.#query<SumRow>(`SELECT Series AS series, [${columns.join(', ')}] AS sums FROM (${sources.join(' UNION ALL ')}) GROUP BY Series`, parameters, signal)
    return new Map(rows.map((row) => [row.series, ranges.map((_, index) => sumsAt(row, index))]))
  }

  read(series: readonly string[], range: BucketRange, signal: AbortSignal): Promise<ReadonlyMap<string, readonly BucketCounts[]>> {
    return this.#read(tableNames.sloMinute, series, range, signal)
  }

  async readHours(series: string, range: BucketRange, signal: AbortSignal): Promise<readonly BucketCounts[]> {
    return (await this.#read(tableNames.sloHour, [series], range, signal)).get(series) ?? []
  }

  async #read(table: string, series: readonly string[], range: BucketRange, signal: AbortSignal): Promise<ReadonlyMap<string, readonly BucketCounts[]>> {
    const parameters = new Parameters()
    const [source] = this.#newest(table, series, [range], parameters)
    if (source === undefined) return new Map()
    const rows = await this.#query<{ series: string; at: number; counts: readonly string[] }>(
      `SELECT Series AS series, toUnixTimestamp(Time) AS at, [${MEASURES.join(', ')}] AS counts FROM (${source}) ORDER BY at`,
      parameters,
      signal,
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
      const parameters = new Parameters()
      const rows = await this.#query<{ series: string; at: number }>(
        `SELECT Series AS series, toUnixTimestamp(min(Time)) AS at FROM ${table} ${where([...named(missing, parameters, MAX_NAMED), 'Total > 0'])} GROUP BY Series`,
        parameters,
        signal,
      )
      for (const { series: id, at } of rows) first.set(id, this.#bucketOf(at))
    }
    return first
  }

  /** The newest row of each series and time in any of the ranges, as a query; none when the ranges are empty. */
  #newest(table: string, series: readonly string[], ranges: readonly BucketRange[], parameters: Parameters, ...more: readonly string[]): string[] {
    const wanted = ranges.filter(({ from, to }) => from < to)
    if (wanted.length === 0) return []
    const step = table === tableNames.sloHour ? HOUR_MS / this.#bucketMs : 1
    const rows = (series.length * wanted.reduce((sum, { from, to }) => sum + to - from, 0)) / step
    const isMinutes = table === tableNames.sloMinute
    const conditions = where([...named(series, parameters, isMinutes ? MAX_NAMED_MINUTES : MAX_NAMED), ...(isMinutes ? this.#quarters(wanted) : []), this.#withinAny(wanted)])
    const select = (counts: readonly string[]): string => `SELECT ${['Series', 'Time', ...counts, ...more].join(', ')} FROM ${table}`
    if (rows > MAX_HASHED) return [`${select(MEASURES)} FINAL ${conditions}`]
    return [`${select(MEASURES.map((name) => `argMax(${name}, Version) AS ${name}`))} ${conditions} GROUP BY Series, Time`]
  }

  #query<Row>(query: string, parameters: Parameters, signal: AbortSignal): Promise<readonly Row[]> {
    return this.#clickhouse.query<Row>({
      query,
      params: parameters.values,
      settings: { ...FINAL_SETTINGS, readonly: 1, max_execution_time: Math.ceil(this.#timeoutMs / 1000) },
      signal,
      timeoutMs: this.#timeoutMs,
    })
  }

  async #insert(table: string, format: 'Native' | 'JSONEachRow', body: Uint8Array, signal: AbortSignal): Promise<void> {
    await this.#clickhouse.insertBlock({ table, format, body, deduplicationToken: randomUUID(), signal, timeoutMs: this.#timeoutMs })
  }

  /** The quarters of an hour of the ranges, by which minutes are sorted: named, the server finds their places at once instead of trying all. */
  #quarters(ranges: readonly BucketRange[]): string[] {
    const each = QUARTER_MS / this.#bucketMs
    const quarters = new Set<number>()
    for (const { from, to } of ranges) {
      for (let quarter = Math.floor(from / each); quarter * each < to; quarter++) {
        if (quarters.size === MAX_QUARTERS) return []
        quarters.add(quarter)
      }
    }
    return [`toStartOfFifteenMinutes(Time) IN (${[...quarters].map((quarter) => `toDateTime(${(quarter * QUARTER_MS) / 1000})`).join(', ')})`]
  }

  #withinAny(ranges: readonly BucketRange[]): string {
    const stretches = ranges.filter(({ from, to }) => from < to).map((range) => this.#within(range))
    return stretches.length === 0 ? '0' : `(${[...new Set(stretches)].map((stretch) => `(${stretch})`).join(' OR ')})`
  }

  /** Our own numbers stand in the text: as parameters they would take the server longer than the month of a series does. */
  #within({ from, to }: BucketRange): string {
    return `Time >= toDateTime(${this.#seconds(from)}) AND Time < toDateTime(${this.#seconds(to)})`
  }

  #seconds(bucket: number): number {
    return Math.max(0, (bucket * this.#bucketMs) / 1000)
  }

  #bucketOf(seconds: number): number {
    return Math.floor((seconds * 1000) / this.#bucketMs)
  }
}

function where(conditions: readonly string[]): string {
  return conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`
}

function named(series: readonly string[], parameters: Parameters, max: number): string[] {
  return series.length === 0 || series.length > max ? [] : [`Series IN ${parameters.bind('Array(String)', series)}`]
}

function appendCount(column: FixedColumn, count: number): void {
  column.append64(count % WORD, Math.floor(count / WORD))
}

function sumsAt(row: SumRow, index: number): Sums {
  const [good, total, rows, badRows] = row.sums.map((values) => countValue(values[index], 'measured buckets')) as [number, number, number, number]
  return { good, total, rows, badRows }
}
