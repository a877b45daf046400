import { budgetRemaining, burnRate, type Counts, crosses } from '../burn/burn-rate.ts'
import { type Fraction, multiply } from '../burn/fraction.ts'
import { severities, type Severity } from '../burn/tier-catalog.ts'
import { isBelow, type Tier } from '../burn/tier.ts'
import type { Window } from '../burn/window.ts'
import { RATIO_UNITS } from '../measure/slices.ts'
import { passes } from './gates.ts'
import type { Objective } from './objective.ts'
import type { Reading } from './reading.ts'

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
  /** Events of the period so far. */
  readonly period: Counts
  /** Good over all events. `undefined` without events. */
  readonly sli: number | undefined
  /** Part of the budget that is left, negative when overspent. `undefined` without events. */
  readonly budgetRemaining: number | undefined
  /** Part of the period so far that is measured, 0 to 1. */
  readonly coverage: number
  /** Time, up to now, in which counts may still change, milliseconds. */
  readonly provisionalMs: number
  /** Rows that the last scan looked at for this objective and those that share them. */
  readonly rowsRead: number
  /** One reading a window, shortest first. */
  readonly windows: readonly WindowReading[]
  /** The tier that holds, for each severity that has one: of several, the one with the shortest long window. */
  readonly holding: ReadonlyMap<Severity, TierReading>
  /** Since when the tiers burn that must do so for a while before they hold, by name: milliseconds since the epoch. */
  readonly burnsSince: ReadonlyMap<string, number>
}

/** The smallest count of nothing but bad events: what no traffic is, where it means bad. */
const ONE_BAD: Counts = { good: 0, total: 1, rows: 1, badRows: 1 }
const ONE_GOOD: Counts = { good: 1, total: 1, rows: 1, badRows: 0 }

/**
 * Evaluates an objective: sums, burn rates, and the tiers whose short and long window both burn too fast.
 *
 * @param reading - what was measured; a function when only the windows matter, as in a simulation.
 * @param previous - the evaluation before: for objectives that hold what was last when there is no traffic, and for conditions that must last.
 */
export function evaluate(objective: Objective, reading: Reading | Reading['countsOf'], previous?: Evaluation): Evaluation {
  const { period, revised, periodMs, elapsedMs, historyMs, coverage, provisionalMs, rowsRead, countsOf, atMs } = typeof reading === 'function' ? bareReading(objective, reading) : reading
  const readings = new Map<number, WindowReading>()
  for (const window of objective.tiers.flatMap(({ short, long }) => [short, long])) {
    if (readings.has(window.ms)) continue
    const counts = withoutGaps(objective, countsOf(window.ms), () => previous?.windows.find((each) => each.window.ms === window.ms))
    readings.set(window.ms, { window, ...counts, burn: burnRate(counts, objective.budget) })
  }
  const holding = new Map<Severity, TierReading>()
  const burnsSince = new Map<string, number>()
  for (const severity of severities) {
    const tiers = objective.tiers.filter((tier) => tier.severity === severity).toSorted((a, b) => a.long.ms - b.long.ms)
    for (const tier of tiers) {
      const [long, short] = [readings.get(tier.long.ms)!, readings.get(tier.short.ms)!]
      // Every window is compared, whatever the others say: a tick costs the same whether much burns or nothing does.
      const [longBurns, shortBurns] = [crosses(long, ageGate(objective, tier, tier.long.ms, historyMs), tier.op), crosses(short, ageGate(objective, tier, tier.short.ms, historyMs), tier.op)]
      if (!longBurns || !shortBurns || !(isBelow(tier.op) || passes(objective.gates, long, tier.threshold))) continue
      if (objective.gates.young === 'wait' && historyMs < tier.long.ms) continue
      const { afterMs = 0 } = tier
      const key = `${severity} ${tier.name}`
      const sinceMs = afterMs === 0 ? atMs : (previous?.burnsSince.get(key) ?? atMs)
      if (afterMs > 0) burnsSince.set(key, sinceMs)
      if (!holding.has(severity) && atMs - sinceMs >= afterMs) holding.set(severity, { tier, long, short })
    }
  }
  return {
    objective,
    period,
    sli: period.total === 0 ? undefined : period.good / period.total,
    budgetRemaining: remaining(objective, period, revised, budgetShare(objective, period, periodMs, elapsedMs)),
    coverage,
    provisionalMs,
    rowsRead,
    windows: [...readings.values()].toSorted((a, b) => a.window.ms - b.window.ms),
    holding,
    burnsSince,
  }
}

/** What a window without events counts as. Slices settle this for themselves. */
function withoutGaps({ noTraffic, budgeting }: Objective, counts: Counts, before: () => Counts | undefined): Counts {
  if (counts.total > 0 || budgeting.method !== 'Occurrences' || noTraffic === 'ignore') return counts
  if (noTraffic === 'hold') return before() ?? counts
  return noTraffic === 'good' ? ONE_GOOD : ONE_BAD
}

/** The threshold of a window: higher while part of it lies before the first event, if that part is to count as free of faults. */
function ageGate({ gates }: Objective, { op, threshold }: Tier, windowMs: number, historyMs: number): Fraction {
  if (gates.young !== 'dilute' || isBelow(op) || historyMs >= windowMs || historyMs <= 0) return threshold
  return multiply(threshold, { numerator: BigInt(windowMs), denominator: BigInt(historyMs) })
}

/** What is left of the budget, when each event is judged by the target of its time: what each target's events spent adds up. */
function remaining({ budget, revisions }: Objective, period: Counts, revised: readonly Counts[], share: Fraction | undefined): number | undefined {
  if (revised.length === 0) return budgetRemaining(period, budget, share)
  // A stretch without bad events spends nothing, whatever it is measured by; all stretches are measured by the events of the period.
  const spentBy = (bad: number, by: Fraction): number => 1 - (budgetRemaining({ good: period.total - bad, total: period.total }, by, share) ?? 1)
  const before = revised.map(({ good, total }, index) => ({ bad: total - good, budget: revisions[index]!.budget }))
  const now = { bad: period.total - period.good - before.reduce((sum, { bad }) => sum + bad, 0), budget }
  return period.total === 0 ? undefined : 1 - [...before, now].reduce((spent, each) => spent + spentBy(each.bad, each.budget), 0)
}

/**
 * The share of the whole budget that the events so far are measured by. Of a rolling window they are all there is. A period of the calendar
 * is taken as a whole, as if the events to come were as many and as good. Slices are measured by those of the whole period.
 */
function budgetShare({ budgeting, period: { calendar } }: Objective, { total }: Counts, periodMs: number, elapsedMs: number): Fraction | undefined {
  if (budgeting.method === 'Occurrences') return calendar === undefined ? undefined : { numerator: BigInt(elapsedMs), denominator: BigInt(periodMs) }
  const units = budgeting.method === 'Timeslices' ? 1 : RATIO_UNITS
  return { numerator: BigInt(total) * BigInt(budgeting.sliceMs), denominator: BigInt(units) * BigInt(periodMs) }
}

/** A reading of which only the windows matter, as in a simulation, at a moment in milliseconds since the epoch. */
export function bareReading({ period }: Objective, countsOf: Reading['countsOf'], atMs = 0): Reading {
  return { atMs, countsOf, period: countsOf(period.ms), revised: [], periodMs: period.ms, elapsedMs: period.ms, historyMs: period.ms, coverage: 1, provisionalMs: 0, rowsRead: 0 }
}
