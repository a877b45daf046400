import type { Counts } from '../burn/burn-rate.ts'
import type { Objective } from '../objective/objective.ts'
import { BucketSeries } from './bucket-series.ts'
import type { BucketRange, EventStore } from './event-store.ts'
import { type Indicator, indicatorKey } from './indicator.ts'

/** How events are counted. Times in milliseconds. */
export interface MeasurementOptions {
  readonly store: EventStore
  /** Length of a bucket. */
  readonly bucketMs: number
  /** Events younger than this may still be on their way, so they are not counted yet. */
  readonly ingestLagMs: number
  /** Buckets that ended this long before the watermark are final: they are not read again, except by a full scan. */
  readonly finalAfterMs: number
  /** Everything is read again this often, so that rows which came very late are counted. */
  readonly rescanMs: number
  /** Time that one scan may take. */
  readonly scanTimeoutMs: number
}

/** Longest stretch that one scan reads, so that a first scan of weeks is many small ones. */
const MAX_SCAN_MS = 24 * 60 * 60 * 1000
/** Indicators that one scan counts at most: its parameters must fit a request. */
const MAX_INDICATORS_PER_SCAN = 50

/**
 * The counts of every indicator by bucket, held in memory over the longest period. Each refresh reads the buckets that are
 * new or not final, for all indicators at once; the last bucket is cut at the watermark.
 */
export class Measurement {
  readonly #options: MeasurementOptions
  #series = new Map<string, BucketSeries>()
  /** Buckets before this one are final. */
  #finalTo = 0
  /** When everything was last read; `undefined` when it must be read at the next refresh. */
  #scannedAllAt: number | undefined
  /** The bucket after the last one that was measured. */
  #end = 0
  #rowsRead = 0

  constructor(options: MeasurementOptions) {
    this.#options = options
  }

  /** Rows that the database read for all refreshes so far. */
  get rowsRead(): number {
    return this.#rowsRead
  }

  /**
   * Reads what is new up to the watermark.
   *
   * @returns the watermark, milliseconds since the epoch.
   * @throws what the store throws; what was measured before stays.
   */
  async refresh(objectives: readonly Objective[], nowMs: number, signal: AbortSignal): Promise<number> {
    const { bucketMs, ingestLagMs, finalAfterMs, rescanMs } = this.#options
    const watermarkMs = nowMs - ingestLagMs
    const end = Math.ceil(watermarkMs / bucketMs)
    const start = end - Math.max(0, ...objectives.map(({ period }) => Math.ceil(period.ms / bucketMs)))
    const indicators = this.#adopt(objectives)
    const whole = this.#scannedAllAt === undefined || nowMs - this.#scannedAllAt >= rescanMs
    await this.#scan(indicators, { from: whole ? start : Math.max(start, this.#finalTo), to: end }, watermarkMs, signal)
    if (whole) this.#scannedAllAt = nowMs
    this.#end = end
    this.#finalTo = Math.floor((watermarkMs - finalAfterMs) / bucketMs)
    for (const series of this.#series.values()) series.trim(start)
    return watermarkMs
  }

  /** Events of an indicator in the window of `windowMs` that ends at the watermark. */
  counts(indicator: Indicator, windowMs: number): Counts {
    const from = this.#end - Math.ceil(windowMs / this.#options.bucketMs)
    return this.#series.get(indicatorKey(indicator))?.sum(from, this.#end) ?? { good: 0, total: 0 }
  }

  /** Events of an indicator in `count` steps of `stepMs` that end at the watermark, oldest first. */
  steps(indicator: Indicator, stepMs: number, count: number): readonly Counts[] {
    const series = this.#series.get(indicatorKey(indicator))
    const buckets = stepMs / this.#options.bucketMs
    const edge = (step: number): number => this.#end - Math.round((count - step) * buckets)
    return Array.from({ length: count }, (_, step) => series?.sum(edge(step), edge(step + 1)) ?? { good: 0, total: 0 })
  }

  /** Makes room for new indicators, which need their past, and forgets those that no objective has any more. */
  #adopt(objectives: readonly Objective[]): ReadonlyMap<string, Indicator> {
    const indicators = new Map(objectives.map(({ indicator }) => [indicatorKey(indicator), indicator]))
    const known = this.#series
    if ([...indicators.keys()].some((key) => !known.has(key))) this.#scannedAllAt = undefined
    this.#series = new Map([...indicators.keys()].map((key) => [key, known.get(key) ?? new BucketSeries()]))
    return indicators
  }

  async #scan(indicators: ReadonlyMap<string, Indicator>, range: BucketRange, watermarkMs: number, signal: AbortSignal): Promise<void> {
    const { store, bucketMs, scanTimeoutMs } = this.#options
    const step = Math.max(1, Math.floor(MAX_SCAN_MS / bucketMs))
    const entries = [...indicators]
    for (let from = range.from; from < range.to; from += step) {
      const to = Math.min(range.to, from + step)
      for (let first = 0; first < entries.length; first += MAX_INDICATORS_PER_SCAN) {
        const batch = entries.slice(first, first + MAX_INDICATORS_PER_SCAN)
        const deadline = AbortSignal.any([signal, AbortSignal.timeout(scanTimeoutMs)])
        const request = { indicators: batch.map(([, indicator]) => indicator), bucketMs, range: { from, to }, watermarkMs, signal: deadline }
        const { series, rowsRead } = await store.countBuckets(request)
        this.#rowsRead += rowsRead
        for (const [index, [key]] of batch.entries()) this.#series.get(key)?.replace(from, to, series[index] ?? [])
      }
    }
  }
}
