import type { BucketCounts, BucketRange } from './event-store.ts'
import { RecentBuckets } from './recent-buckets.ts'
import type { Series } from './series.ts'
import type { SumWindow } from './sum-window.ts'
import { noEvents, plus, type Sums } from './sums.ts'

/** What a window holds beyond the recent buckets. */
interface Tail {
  readonly window: SumWindow
  sums: Sums
}

/**
 * One series while it is measured: its newest buckets, and for each window the sum of what lies before them. So a window of thirty days
 * costs what one of an hour does, and memory does not grow with history. When the newest bucket moves on, what leaves the recent buckets is
 * added, and what leaves the window is taken off again: those few buckets are read back from the roll-up.
 */
export class MeasuredSeries {
  readonly series: Series
  readonly recent: RecentBuckets
  /** Measured without a gap from this bucket on. */
  from: number
  /** An older stretch that was measured before; what lies between is not measured yet. */
  older: BucketRange | undefined
  /** Buckets before this one are kept in the roll-up as final. */
  keptFinalTo: number
  /** Buckets before this one are kept in the roll-up. */
  keptTo: number
  /** Whether the tails must be read from the roll-up before they count. */
  stale = true
  /** First bucket with events, to the hour; `undefined` when there is none, or it was not asked for. */
  firstBucket: number | undefined
  readonly #tails = new Map<string, Tail>()

  constructor(series: Series, capacity: number, end: number, older: BucketRange | undefined) {
    this.series = series
    this.recent = new RecentBuckets(capacity)
    this.recent.advance(end)
    this.from = this.recent.start
    this.keptFinalTo = this.recent.start
    this.keptTo = this.recent.start
    this.older = older
    this.#join()
  }

  get end(): number {
    return this.recent.end
  }

  get windows(): readonly SumWindow[] {
    return [...this.#tails.values()].map(({ window }) => window)
  }

  /** Says which windows are wanted; the others are forgotten. */
  want(windows: readonly SumWindow[]): void {
    const wanted = new Map(windows.map((window) => [window.key, window]))
    for (const key of this.#tails.keys()) if (!wanted.has(key)) this.#tails.delete(key)
    for (const [key, window] of wanted) {
      if (this.#tails.has(key)) continue
      this.#tails.set(key, { window, sums: noEvents })
      if (tailRange(window, this.end, this.recent.start) !== undefined) this.stale = true
    }
  }

  /** The oldest bucket that any window looks at. */
  get neededFrom(): number {
    return Math.min(this.recent.start, ...[...this.#tails.values()].map(({ window }) => window.start(this.end)))
  }

  /** The ranges that leave windows when the newest bucket moves to `end`: to be read from the roll-up. */
  leaving(end: number): readonly BucketRange[] {
    return [...this.#tails.values()].flatMap(({ window }) => {
      const range = leavingRange(window, this.end, end, this.recent.start)
      return range === undefined ? [] : [range]
    })
  }

  /** Moves on to `end`. `left` has the sums of the ranges that {@link leaving} named, by their first and last bucket; those without events may be missing. */
  advance(end: number, left: ReadonlyMap<string, Sums> = new Map()): void {
    const [oldStart, newStart] = [this.recent.start, end - (this.end - this.recent.start)]
    for (const tail of this.#tails.values()) {
      const { window } = tail
      const before = tailRange(window, this.end, oldStart)
      const after = tailRange(window, end, newStart)
      const range = leavingRange(window, this.end, end, oldStart)
      if (after === undefined) tail.sums = noEvents
      else if (before === undefined || after.from >= oldStart) tail.sums = this.recent.sum(after.from, after.to)
      else tail.sums = plus(plus(tail.sums, this.recent.sum(oldStart, Math.min(newStart, window.stop ?? newStart))), (range && left.get(`${range.from} ${range.to}`)) ?? noEvents, -1)
    }
    this.recent.advance(end)
  }

  /** What the roll-up must be asked for to have every window right. */
  get tailRanges(): ReadonlyMap<string, BucketRange> {
    const ranges = [...this.#tails].flatMap(([key, { window }]) => {
      const range = tailRange(window, this.end, this.recent.start)
      return range === undefined ? [] : [[key, range] as const]
    })
    return new Map(ranges)
  }

  /** Takes what the roll-up said. */
  load(sums: ReadonlyMap<string, Sums>): void {
    for (const [key, tail] of this.#tails) tail.sums = sums.get(key) ?? noEvents
    this.stale = false
  }

  /** Notes that everything from `from` on is measured, and kept. */
  measuredFrom(from: number): void {
    this.from = Math.min(this.from, from)
    this.#join()
    this.stale = true
  }

  /** Puts right what was counted wrong before; a bucket that is not recent is in a tail, which is then read again. */
  correct(counts: readonly BucketCounts[]): void {
    for (const each of counts) {
      if (each.bucket < this.recent.start) this.stale = true
      else this.recent.set(each)
    }
  }

  /** Events in a window; `undefined` while it is not known what lies before the recent buckets. */
  sum({ key, start, stop = this.end }: SumWindow): Sums | undefined {
    const from = start(this.end)
    const recent = this.recent.sum(Math.max(from, this.recent.start), Math.min(stop, this.end))
    if (from >= this.recent.start) return recent
    const tail = this.#tails.get(key)
    return this.stale || tail === undefined ? undefined : plus(tail.sums, recent)
  }

  #join(): void {
    if (this.older === undefined || this.older.to < this.from) return
    this.from = Math.min(this.from, this.older.from)
    this.older = undefined
  }
}

/** What of a window lies before the recent buckets. */
function tailRange({ start, stop }: SumWindow, end: number, recentStart: number): BucketRange | undefined {
  const range = { from: start(end), to: Math.min(recentStart, stop ?? recentStart) }
  return range.from < range.to ? range : undefined
}

/** What leaves the tail of a window at its beginning, while it keeps something that lies before the recent buckets of now. */
function leavingRange(window: SumWindow, oldEnd: number, newEnd: number, recentStart: number): BucketRange | undefined {
  const before = tailRange(window, oldEnd, recentStart)
  if (before === undefined) return undefined
  const from = window.start(newEnd)
  return from > before.from && from < before.to ? { from: before.from, to: from } : undefined
}
