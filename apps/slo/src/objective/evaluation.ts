import { budgetRemaining, burnRate, type Counts, exceeds } from '../burn/burn-rate.ts'
import { severities, type Severity } from '../burn/tier-catalog.ts'
import type { Tier } from '../burn/tier.ts'
import type { Window } from '../burn/window.ts'
import type { Objective } from './objective.ts'

/** A window's events and how fast they spend the budget. */
export interface WindowReading extends Counts {
  readonly window: Window
  /** `undefined` without events. */
  readonly burn: number | undefined
}

/** A tier that holds: both of its windows are above its threshold. */
export interface TierReading {
  readonly tier: Tier
  readonly long: WindowReading
  readonly short: WindowReading
}

/** An objective at one moment. */
export interface Evaluation {
  readonly objective: Objective
  /** Events of the whole period. */
  readonly period: Counts
  /** Good over all events. `undefined` without events. */
  readonly sli: number | undefined
  /** Part of the budget that is left, negative when overspent. `undefined` without events. */
  readonly budgetRemaining: number | undefined
  /** One reading a window, shortest first. */
  readonly windows: readonly WindowReading[]
  /** The tier that holds, for each severity that has one: of several, the one with the shortest long window. */
  readonly holding: ReadonlyMap<Severity, TierReading>
}

/**
 * Evaluates an objective: sums, burn rates, and the tiers whose short and long window both burn too fast.
 * A window without events has no ratio, and so is not above any threshold (`noTraffic: ignore`).
 *
 * @param countsOf - events of the window that ends now, by its length in milliseconds.
 */
export function evaluate(objective: Objective, countsOf: (windowMs: number) => Counts): Evaluation {
  const readings = new Map<number, WindowReading>()
  for (const window of objective.tiers.flatMap(({ short, long }) => [short, long])) {
    if (readings.has(window.ms)) continue
    const counts = countsOf(window.ms)
    readings.set(window.ms, { window, ...counts, burn: burnRate(counts, objective.budget) })
  }
  const holding = new Map<Severity, TierReading>()
  for (const severity of severities) {
    const tiers = objective.tiers.filter((tier) => tier.severity === severity).toSorted((a, b) => a.long.ms - b.long.ms)
    for (const tier of tiers) {
      const [long, short] = [readings.get(tier.long.ms)!, readings.get(tier.short.ms)!]
      if (!exceeds(short, tier.threshold) || !exceeds(long, tier.threshold)) continue
      holding.set(severity, { tier, long, short })
      break
    }
  }
  const period = countsOf(objective.period.ms)
  return {
    objective,
    period,
    sli: period.total === 0 ? undefined : period.good / period.total,
    budgetRemaining: budgetRemaining(period, objective.budget),
    windows: [...readings.values()].toSorted((a, b) => a.window.ms - b.window.ms),
    holding,
  }
}
