import type { BucketCounts, BucketRange, EventStore } from './event-store.ts'
import type { Indicator } from './indicator.ts'
import type { Series } from './series.ts'
import { type SliceRule, slicesOf, unitedSlices } from './slices.ts'

/** What scans need beside the range. */
export interface ScanContext {
  readonly store: EventStore
  readonly bucketMs: number
  /** Events from here on are not counted yet, milliseconds since the epoch. */
  readonly watermarkMs: number
  /** Time that one round of scans may take, milliseconds. */
  readonly scanTimeoutMs: number
  readonly signal: AbortSignal
}

/** What a round of scans gave for the series of a plan. */
export interface Scanned {
  /** By id of the series; one whose source could not be read is not in it. */
  readonly counts: ReadonlyMap<string, readonly BucketCounts[]>
  /** Rows that were looked at for a series and for those that share them, by its id. */
  readonly cost: ReadonlyMap<string, number>
  readonly rowsRead: number
  readonly failures: readonly string[]
}

type Slice = Pick<BucketCounts, 'good' | 'total'>
type SliceBefore = (id: string, slice: number) => Slice | undefined

/** Which indicators to count for which series: made once, used at every tick. */
export class ScanPlan {
  readonly series: readonly Series[]
  /** Each indicator once. */
  readonly #indicators: readonly Indicator[]
  /** For each series where its indicators stand. */
  readonly #indexes: readonly (readonly number[])[]
  /** Buckets that ranges must be aligned to, so that no slice is cut. */
  readonly #alignment: number

  constructor(series: readonly Series[]) {
    this.series = series
    const indexes = new Map<string, number>()
    const indicators: Indicator[] = []
    this.#indexes = series.map(({ parts }) =>
      parts.map(({ indicator, key }) => {
        const known = indexes.get(key)
        if (known !== undefined) return known
        indexes.set(key, indicators.length)
        return indicators.push(indicator) - 1
      }),
    )
    this.#indicators = indicators
    this.#alignment = series.reduce((common, { slices }) => leastCommonMultiple(common, slices?.buckets ?? 1), 1)
  }

  /** The first bucket that a scan must begin with to have `bucket` right. */
  aligned(bucket: number): number {
    return Math.floor(bucket / this.#alignment) * this.#alignment
  }

  /**
   * Counts all series over a range; it is widened so that no slice is cut.
   *
   * @param before - the slice of a series that ends where the range begins, for slices without traffic; absent for a past in which nobody
   *   watched: no traffic is then not bad, since the service may not have been there yet.
   */
  async run({ store, bucketMs, watermarkMs, scanTimeoutMs, signal }: ScanContext, wanted: BucketRange, before?: SliceBefore): Promise<Scanned> {
    const whole = Math.floor(watermarkMs / bucketMs)
    const range = { from: this.aligned(wanted.from), to: Math.min(Math.max(wanted.to, this.aligned(wanted.to + this.#alignment - 1)), Math.ceil(watermarkMs / bucketMs)) }
    if (this.series.length === 0 || range.from >= range.to) return { counts: new Map(), cost: new Map(), rowsRead: 0, failures: [] }
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(scanTimeoutMs)])
    const { series, rowsRead, cost, failures = [] } = await store.countBuckets({ indicators: this.#indicators, bucketMs, range, watermarkMs, signal: deadline })
    const counts = new Map<string, readonly BucketCounts[]>()
    for (const [place, { id, slices }] of this.series.entries()) {
      const parts = this.#indexes[place]!.flatMap((index) => (series[index] === undefined ? [] : [series[index]]))
      if (parts.length < this.#indexes[place]!.length) continue
      counts.set(id, slices === undefined ? parts[0]! : shaped(parts, { from: range.from, to: Math.min(range.to, whole) }, slices, before?.(id, range.from - slices.buckets), before !== undefined))
    }
    return { counts, cost: new Map(this.series.map(({ id }, place) => [id, this.#indexes[place]!.reduce((sum, index) => sum + (cost?.[index] ?? 0), 0)])), rowsRead, failures }
  }
}

function shaped(parts: readonly (readonly BucketCounts[])[], range: BucketRange, rule: SliceRule, before: Slice | undefined, watched: boolean): readonly BucketCounts[] {
  const { budgeting } = rule
  const whole: SliceRule = { ...rule, noTraffic: rule.noTraffic === 'bad' && !watched ? 'ignore' : rule.noTraffic }
  if (budgeting.method !== 'Timeslices' || budgeting.others === undefined) return slicesOf(parts[0]!, range, whole, before)
  // Of a part alone no traffic means nothing: another part may have some.
  const targets = [budgeting, ...budgeting.others].map(({ sliceTarget }) => sliceTarget)
  const slices = parts.map((buckets, index) => slicesOf(buckets, range, { ...rule, noTraffic: 'ignore', budgeting: { ...budgeting, sliceTarget: targets[index]! } }))
  return unitedSlices(slices, range, whole, before)
}

function leastCommonMultiple(a: number, b: number): number {
  const divisor = (x: number, y: number): number => (y === 0 ? x : divisor(y, x % y))
  return (a * b) / divisor(a, b)
}
