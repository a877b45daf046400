import type { Counts } from '../burn/burn-rate.ts'
import type { Severity } from '../burn/tier-catalog.ts'
import type { BucketCounts, BucketRange } from '../measure/event-store.ts'
import { bareReading, type Evaluation, evaluate } from '../objective/evaluation.ts'
import type { Objective } from '../objective/objective.ts'

/** One alert that would have been. Buckets. */
export interface ReplayedAlert {
  readonly severity: Severity
  readonly tier: string
  /** The bucket at whose end it fired. */
  readonly firedAt: number
  /** The bucket at whose end it cleared; `undefined` when it still fired at the end. */
  readonly clearedAt: number | undefined
  /** Buckets from the beginning of the fault to the alert. */
  readonly detection: number
  /** Share of the period's budget that was spent between the two, were every period as busy as the replayed time. */
  readonly spent: number
}

/** Buckets without a fault after which a later fault is another one. */
const CALM = 5

/** What the rules of an objective would have done over measured buckets: evaluated at the end of each. */
export function replay(objective: Objective, buckets: readonly BucketCounts[], range: BucketRange, bucketMs: number): ReplayedAlert[] {
  const history = new History(buckets, range)
  const open = new Map<Severity, ReplayedAlert>()
  const alerts: ReplayedAlert[] = []
  let previous: Evaluation | undefined
  for (let bucket = range.from; bucket < range.to; bucket++) {
    previous = evaluate(objective, bareReading(objective, (ms) => history.sum(bucket + 1 - Math.ceil(ms / bucketMs), bucket + 1), (bucket + 1) * bucketMs), previous)
    const { holding } = previous
    for (const severity of new Set([...open.keys(), ...holding.keys()])) {
      const tier = holding.get(severity)?.tier.name
      const alert = open.get(severity)
      if (alert !== undefined && tier === undefined) {
        alerts.push({ ...alert, clearedAt: bucket })
        open.delete(severity)
      } else if (alert === undefined && tier !== undefined) {
        const began = history.faultBefore(bucket, Number(objective.budget.numerator) / Number(objective.budget.denominator))
        open.set(severity, { severity, tier, firedAt: bucket, clearedAt: undefined, detection: bucket + 1 - began, spent: history.spent(objective, { from: began, to: bucket + 1 }, bucketMs) })
      }
    }
  }
  return [...alerts, ...open.values()].toSorted((a, b) => a.firedAt - b.firedAt)
}

/** Buckets with their running sums, so that any window is two look-ups. */
export class History {
  readonly #range: BucketRange
  readonly #good: Float64Array
  readonly #total: Float64Array

  constructor(buckets: readonly BucketCounts[], range: BucketRange) {
    this.#range = range
    const length = range.to - range.from
    this.#good = new Float64Array(length + 1)
    this.#total = new Float64Array(length + 1)
    for (const { bucket, good, total } of buckets) {
      if (bucket < range.from || bucket >= range.to) continue
      this.#good[bucket - range.from + 1] = good
      this.#total[bucket - range.from + 1] = total
    }
    for (let index = 1; index <= length; index++) {
      this.#good[index]! += this.#good[index - 1]!
      this.#total[index]! += this.#total[index - 1]!
    }
  }

  /** Events from one bucket up to another; what lies outside of the history has none. */
  sum(from: number, to: number): Counts {
    const place = (bucket: number): number => Math.min(Math.max(bucket - this.#range.from, 0), this.#range.to - this.#range.from)
    const [a, b] = [place(from), place(to)]
    return { good: this.#good[b]! - this.#good[a]!, total: this.#total[b]! - this.#total[a]! }
  }

  /** The first bucket of the fault that is there at `bucket`: before it, some buckets were within the budget. */
  faultBefore(bucket: number, budget: number): number {
    let began = bucket
    for (let at = bucket, calm = 0; at >= this.#range.from && calm < CALM; at--) {
      const { good, total } = this.sum(at, at + 1)
      if (total > 0 && (total - good) / total > budget) {
        began = at
        calm = 0
      } else calm += 1
    }
    return began
  }

  /** Share of the budget of a period that a stretch spent. */
  spent({ budget, period }: Objective, { from, to }: BucketRange, bucketMs: number): number {
    const { good, total } = this.sum(from, to)
    const all = this.sum(this.#range.from, this.#range.to).total
    const perPeriod = (all * period.ms) / ((this.#range.to - this.#range.from) * bucketMs)
    return perPeriod === 0 ? 0 : ((total - good) * Number(budget.denominator)) / (Number(budget.numerator) * perPeriod)
  }
}
