import type { Counts } from '../burn/burn-rate.ts'
import { combined } from '../objective/composite.ts'
import type { Objective } from '../objective/objective.ts'
import { needOf, needsMove, needsOf, type SeriesNeed } from '../objective/objective-needs.ts'
import type { BucketRange, EventStore } from './event-store.ts'
import { LateRows } from './late-rows.ts'
import { MeasuredSeries } from './measured-series.ts'
import { measurePast } from './past.ts'
import type { RollUp, RollUpRow } from './roll-up.ts'
import { type ScanContext, ScanPlan } from './scan-plan.ts'
import type { SumWindow } from './sum-window.ts'
import { readSteps } from './steps.ts'
import { plus, type Sums } from './sums.ts'
import { leavingSums, loadTails } from './tails.ts'

/** How events are counted. Times in milliseconds. */
export interface MeasurementOptions {
  readonly store: EventStore
  readonly rollUp: RollUp
  /** Length of a bucket. */
  readonly bucketMs: number
  /** Events younger than this may still be on their way, so they are not counted yet. */
  readonly ingestLagMs: number
  /** Buckets that ended this long before the watermark are final: they change only by rows that come later still. */
  readonly finalAfterMs: number
  /** A bucket is counted once more when it is this old, and again at 24 times this age, for rows that came very late. */
  readonly rescanMs: number
  /** Time that one round of scans may take. */
  readonly scanTimeoutMs: number
  /** Time that one refresh may spend on measuring the past of new objectives. @default 5000 */
  readonly pastBudgetMs?: number
}

/** What is known of a series beside its counts. Buckets. */
export interface SeriesFacts {
  /** Measured without a gap from here. */
  readonly from: number
  /** First bucket with events, to the hour; `undefined` when there is none. */
  readonly firstBucket: number | undefined
  /** Buckets from here on may still change. */
  readonly finalTo: number
  /** The bucket after the newest. */
  readonly end: number
  /** Rows that the last scan looked at for it and for those that share them. */
  readonly cost: number
}

const HOUR_MS = 3_600_000
const DEFAULT_PAST_BUDGET_MS = 5000
/** How far series are measured is written down each time this many buckets have become final. */
const MARK_EVERY = 5

/**
 * Counts every series bucket by bucket, once: each refresh scans what is new or not final, one scan a source, and keeps it in the roll-up.
 * Sums of windows are moved along. What a refresh costs depends on what is new, not on the length of history.
 */
export class Measurement {
  readonly #options: MeasurementOptions
  readonly #late: LateRows
  readonly #capacity: number
  readonly #series = new Map<string, MeasuredSeries>()
  #needs: readonly SeriesNeed[] = []
  #objectives: readonly Objective[] | undefined
  #plan: ScanPlan | undefined
  #hour = 0
  #cost: ReadonlyMap<string, number> = new Map()
  #end = 0
  #finalTo = 0
  #rowsRead = 0
  #failures: readonly string[] = []

  constructor(options: MeasurementOptions) {
    this.#options = options
    const { bucketMs, finalAfterMs, rescanMs } = options
    // What is not final yet, an hour for the short windows, and an hour for the longest slice.
    this.#capacity = Math.ceil(finalAfterMs / bucketMs) + 2 * Math.ceil(HOUR_MS / bucketMs)
    this.#late = new LateRows(options, [rescanMs, 24 * rescanMs])
  }

  /** Rows that scans looked at, all refreshes together. */
  get rowsRead(): number {
    return this.#rowsRead
  }

  /** Why some sources could not be read by the last refresh; the objectives on them are not evaluated. */
  get failures(): readonly string[] {
    return this.#failures
  }

  get bucketMs(): number {
    return this.#options.bucketMs
  }

  /**
   * Reads what is new up to the watermark.
   *
   * @returns the watermark, milliseconds since the epoch.
   * @throws what the stores throw; what was measured before stays, and what was missed is read at the next refresh.
   */
  async refresh(objectives: readonly Objective[], nowMs: number, signal: AbortSignal): Promise<number> {
    const { bucketMs, ingestLagMs, finalAfterMs, rollUp, pastBudgetMs = DEFAULT_PAST_BUDGET_MS } = this.#options
    const watermarkMs = nowMs - ingestLagMs
    // Time does not run backwards here, whatever the clock does.
    const end = Math.max(this.#end, Math.ceil(watermarkMs / bucketMs))
    const context: ScanContext = { ...this.#options, watermarkMs, signal }
    const hour = Math.floor(nowMs / HOUR_MS)
    if (objectives !== this.#objectives || (hour !== this.#hour && needsMove(objectives))) {
      this.#needs = needsOf(objectives, bucketMs, nowMs)
      this.#objectives = objectives
      this.#plan = undefined
    }
    this.#hour = hour
    const fresh = await this.#adopt(end, signal)
    const current = [...this.#series.values()].filter((each) => !fresh.has(each))
    const left = await leavingSums(rollUp, current, end, signal)
    const plan = fresh.size === 0 ? (this.#plan ??= planOf(current)) : planOf(current)
    this.#failures = []
    await this.#scanRecent(context, plan, { from: this.#finalTo, to: end }, left)
    await this.#scanRecent(context, planOf([...fresh]), { from: end - this.#capacity, to: end })
    const finalBefore = this.#finalTo
    const living = [...this.#series.values()].filter((each) => each.end === end)
    this.#end = end
    this.#finalTo = Math.max(this.#finalTo, Math.floor((watermarkMs - finalAfterMs) / bucketMs))
    const rolledFrom = fresh.size > 0 ? end - this.#capacity : finalBefore
    await this.#keep(living, Math.floor(watermarkMs / bucketMs), signal)
    await this.#rollHours(rolledFrom, fresh.size === 0 ? undefined : living, signal)
    this.#rowsRead += await this.#late.check(context, living, end)
    const { rowsRead, moved } = await measurePast(context, rollUp, living, { finalTo: this.#finalTo, budgetMs: pastBudgetMs })
    this.#rowsRead += rowsRead
    await loadTails(rollUp, living, signal)
    const due = Math.floor(this.#finalTo / MARK_EVERY) > Math.floor(finalBefore / MARK_EVERY)
    if (due || moved || fresh.size > 0) await rollUp.saveMarks(living.map(({ series, from }) => ({ series: series.id, definition: series.definition, measured: { from, to: this.#finalTo } })), signal)
    return watermarkMs
  }

  /** Events of a series in a window; `undefined` while they are not known: not measured yet, or its source cannot be read. */
  sum(series: string, window: SumWindow): Sums | undefined {
    const measured = this.#series.get(series)
    return measured === undefined || measured.end !== this.#end ? undefined : measured.sum(window)
  }

  /** Events of an objective in `count` steps of `stepMs` that end at the watermark, oldest first. Corrections are not taken off: it is what happened. */
  async steps(objective: Objective, stepMs: number, count: number): Promise<readonly Counts[]> {
    const { composite } = objective
    if (composite !== undefined) {
      const parts = await Promise.all(composite.parts.map((part) => this.steps(part.objective, stepMs, count)))
      return Array.from({ length: count }, (_, step) => combined(composite, parts.map((steps) => steps[step]!)))
    }
    const { bucketMs, rollUp, scanTimeoutMs } = this.#options
    const { id } = needOf(objective, bucketMs, this.#end * bucketMs).series
    const edges = Array.from({ length: count + 1 }, (_, step) => this.#end - Math.round(((count - step) * stepMs) / bucketMs))
    const recent = this.#series.get(id)?.recent
    const border = recent?.start ?? this.#end
    const kept = await readSteps(rollUp, id, edges.map((edge) => Math.min(edge, border)), bucketMs, AbortSignal.timeout(scanTimeoutMs))
    return kept.map((sums, step) => (recent === undefined ? sums : plus(sums, recent.sum(Math.max(edges[step]!, border), Math.max(edges[step + 1]!, border)))))
  }

  /** What is known of a series. */
  facts(series: string): SeriesFacts | undefined {
    const measured = this.#series.get(series)
    return measured && { from: measured.from, firstBucket: measured.firstBucket, finalTo: this.#finalTo, end: measured.end, cost: this.#cost.get(series) ?? 0 }
  }

  /** Makes room for new series, and for those whose source could not be read or that were not read for long; forgets those nobody needs. */
  async #adopt(end: number, signal: AbortSignal): Promise<ReadonlySet<MeasuredSeries>> {
    const wanted = new Map(this.#needs.map((need) => [need.series.id, need]))
    for (const id of this.#series.keys()) if (!wanted.has(id)) this.#series.delete(id)
    const missing: SeriesNeed[] = []
    for (const [id, need] of wanted) {
      const known = this.#series.get(id)
      if (known === undefined || known.end !== this.#end || known.keptFinalTo < end - this.#capacity) missing.push(need)
    }
    const fresh = new Set<MeasuredSeries>()
    const marks = missing.length === 0 ? new Map<string, BucketRange>() : await this.#options.rollUp.marks(missing.map(({ series }) => series.id), signal)
    for (const { series } of missing) {
      const known = this.#series.get(series.id)
      const older = known === undefined ? marks.get(series.id) : { from: known.from, to: known.keptFinalTo }
      const measured = new MeasuredSeries(series, this.#capacity, end, older)
      this.#series.set(series.id, measured)
      fresh.add(measured)
    }
    for (const [id, { windows }] of wanted) this.#series.get(id)!.want(windows)
    return fresh
  }

  /** Scans the recent buckets of series, and moves their windows on. A series whose source could not be read stays where it is. */
  async #scanRecent(context: ScanContext, plan: ScanPlan, range: BucketRange, left?: ReadonlyMap<string, ReadonlyMap<string, Sums>>): Promise<void> {
    const before = (id: string, slice: number): Sums | undefined => this.#series.get(id)?.recent.sum(slice, slice + 1)
    const { counts, rowsRead, cost, failures } = await plan.run(context, range, left === undefined ? undefined : before)
    this.#rowsRead += rowsRead
    this.#cost = left === undefined && this.#cost.size > 0 ? new Map([...this.#cost, ...cost]) : cost
    this.#failures = [...this.#failures, ...failures]
    for (const [id, buckets] of counts) {
      const measured = this.#series.get(id)!
      if (left !== undefined) measured.advance(range.to, left.get(id))
      measured.recent.replace({ from: plan.aligned(range.from), to: range.to }, buckets)
    }
    // A fresh series stands at the end already; one that could not be read must not look as if it had no events.
    if (left === undefined) for (const { id } of plan.series) if (!counts.has(id)) this.#series.delete(id)
  }

  /** Keeps what is whole, and again what has become final. */
  async #keep(living: readonly MeasuredSeries[], whole: number, signal: AbortSignal): Promise<void> {
    const rows: RollUpRow[] = []
    const finalTo = this.#finalTo
    for (const measured of living) {
      const { series, recent, keptFinalTo, keptTo } = measured
      for (let bucket = keptFinalTo; bucket < whole; bucket++) {
        const final = bucket < finalTo
        if (!final && bucket < keptTo) continue
        const sums = recent.sum(bucket, bucket + 1)
        if (sums.total === 0) continue
        rows.push({ series: series.id, bucket, sums, final })
        measured.firstBucket ??= bucket
      }
    }
    await this.#options.rollUp.write(rows, signal)
    for (const measured of living) {
      measured.keptFinalTo = Math.max(measured.keptFinalTo, finalTo)
      measured.keptTo = Math.max(measured.keptTo, whole)
    }
  }

  /** Makes the hours that have become final since `from`. */
  async #rollHours(from: number, living: readonly MeasuredSeries[] | undefined, signal: AbortSignal): Promise<void> {
    const hour = HOUR_MS / this.#options.bucketMs
    const range = { from: Math.floor(from / hour) * hour, to: Math.floor(this.#finalTo / hour) * hour }
    if (range.from < range.to) await this.#options.rollUp.rollHours(range, living?.map(({ series }) => series.id), signal)
  }
}

function planOf(series: readonly MeasuredSeries[]): ScanPlan {
  return new ScanPlan(series.map((each) => each.series))
}
