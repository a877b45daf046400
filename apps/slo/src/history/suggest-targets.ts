import { budgetRemaining } from '../burn/burn-rate.ts'
import { complement, type Fraction, parseDecimal } from '../burn/fraction.ts'
import type { TierCatalog } from '../burn/tier-catalog.ts'
import { tiersFor } from '../burn/tier.ts'
import type { BucketCounts, BucketRange } from '../measure/event-store.ts'
import type { Objective } from '../objective/objective.ts'
import { History, replay } from './replay.ts'

/** Targets that people choose from. */
const LADDER = ['0.9', '0.95', '0.98', '0.99', '0.995', '0.998', '0.999', '0.9995', '0.9999', '0.99999']

/** How a target would have fared. */
export interface TargetTrial {
  readonly target: string
  /** What would be left of the budget, over the whole history. */
  readonly remaining: number
  /** Days whose own events spent more than a day's share of the budget, of those that had events. */
  readonly badDays: number
  readonly pages: number
  readonly tickets: number
}

/** What targets would have meant over a history. */
export interface Suggestion {
  /** The strictest target that would have kept a third of its budget; `undefined` when none would have. */
  readonly suggested: string | undefined
  readonly trials: readonly TargetTrial[]
}

/** Kept in reserve: a target that the past just reached is missed by the first bad day. */
const RESERVE = 1 / 3
const DAY_MS = 86_400_000

/** Tries every usual target on what was measured. */
export function suggestTargets(objective: Objective, catalog: TierCatalog, buckets: readonly BucketCounts[], range: BucketRange, bucketMs: number): Suggestion {
  const history = new History(buckets, range)
  const whole = history.sum(range.from, range.to)
  const trials = whole.total === 0 ? [] : LADDER.map((text) => trial(objective, catalog, text, { buckets, range, bucketMs, history }))
  return { suggested: trials.findLast(({ remaining }) => remaining >= RESERVE)?.target, trials }
}

interface Past {
  readonly buckets: readonly BucketCounts[]
  readonly range: BucketRange
  readonly bucketMs: number
  readonly history: History
}

function trial(objective: Objective, catalog: TierCatalog, text: string, { buckets, range, bucketMs, history }: Past): TargetTrial {
  const target: Fraction = parseDecimal(text)!
  const budget = complement(target)
  const changed: Objective = { ...objective, target, budget, tiers: tiersFor(catalog, { ...objective, budget }).tiers }
  const alerts = replay(changed, buckets, range, bucketMs)
  const day = DAY_MS / bucketMs
  let badDays = 0
  for (let from = range.from; from < range.to; from += day) if ((budgetRemaining(history.sum(from, Math.min(from + day, range.to)), budget) ?? 1) < 0) badDays += 1
  return {
    target: text,
    remaining: budgetRemaining(history.sum(range.from, range.to), budget)!,
    badDays,
    pages: alerts.filter(({ severity }) => severity === 'page').length,
    tickets: alerts.filter(({ severity }) => severity === 'ticket').length,
  }
}
