import type { BucketCounts, BucketRange } from '../src/measure/event-store.ts'
import type { RollUp, RollUpRow, SeriesMark } from '../src/measure/roll-up.ts'
import { noEvents, plus, type Sums } from '../src/measure/sums.ts'

/** Our own interface over maps; `failing` makes it refuse. The real one is tested on ClickHouse. */
export class MemoryRollUp implements RollUp {
  readonly buckets = new Map<string, Map<number, RollUpRow>>()
  readonly marked = new Map<string, BucketRange>()
  /** How many rows were written. */
  written = 0
  failing = false

  marks(series: readonly string[]): Promise<ReadonlyMap<string, BucketRange>> {
    return this.#answer(() => new Map(series.flatMap((id) => (this.marked.has(id) ? [[id, this.marked.get(id)!] as const] : []))))
  }

  saveMarks(marks: readonly SeriesMark[]): Promise<void> {
    return this.#answer(() => marks.forEach(({ series, measured }) => this.marked.set(series, measured)))
  }

  write(rows: readonly RollUpRow[]): Promise<void> {
    return this.#answer(() => {
      for (const row of rows) {
        const buckets = this.buckets.get(row.series) ?? new Map<number, RollUpRow>()
        this.buckets.set(row.series, buckets.set(row.bucket, row))
      }
      this.written += rows.length
    })
  }

  rollHours(): Promise<void> {
    return this.#answer(() => undefined)
  }

  sums(series: readonly string[], ranges: readonly BucketRange[]): Promise<ReadonlyMap<string, readonly Sums[]>> {
    return this.#answer(() => new Map(series.map((id) => [id, ranges.map((range) => this.sum(id, range))])))
  }

  read(series: readonly string[], range: BucketRange): Promise<ReadonlyMap<string, readonly BucketCounts[]>> {
    return this.#answer(() => new Map(series.map((id) => [id, this.#rows(id, range).map(({ bucket, sums }) => ({ bucket, ...sums }))])))
  }

  readHours(series: string, range: BucketRange): Promise<readonly BucketCounts[]> {
    return this.#answer(() => this.#rows(series, range).map(({ bucket, sums }) => ({ bucket, ...sums })))
  }

  firstBuckets(series: readonly string[]): Promise<ReadonlyMap<string, number>> {
    return this.#answer(() => new Map(series.flatMap((id) => (this.buckets.has(id) ? [[id, Math.min(...this.buckets.get(id)!.keys())] as const] : []))))
  }

  /** What is kept of a range. */
  sum(series: string, range: BucketRange): Sums {
    return this.#rows(series, range).reduce((total, { sums }) => plus(total, sums), noEvents)
  }

  #rows(series: string, { from, to }: BucketRange): RollUpRow[] {
    return [...(this.buckets.get(series)?.values() ?? [])].filter(({ bucket }) => bucket >= from && bucket < to).toSorted((a, b) => a.bucket - b.bucket)
  }

  #answer<T>(give: () => T): Promise<T> {
    return this.failing ? Promise.reject(new Error('the roll-up is away')) : Promise.resolve(give())
  }
}
