import { type CatalogTier, type Severity, type TierCatalog } from './tier-catalog.ts'
import type { Comparison } from './burn-rate.ts'
import { compare, type Fraction, multiply, toNumber } from './fraction.ts'
import type { Window } from './window.ts'

/** A tier as it applies to one objective. */
export interface Tier {
  /** Long and short window: `1h/5m`. */
  readonly name: string
  readonly severity: Severity
  readonly long: Window
  readonly short: Window
  /** Whether it fires at its threshold, or only above; or below it, which only a condition of one's own does. */
  readonly op: Comparison
  /** For how long it must hold before it fires, milliseconds. @default 0 */
  readonly afterMs?: number
  /** Burn rate above which it fires: `q · P / W`, share of the budget times period over long window. */
  readonly factor: Fraction
  /** Error ratio above which it fires: the factor times the budget. */
  readonly threshold: Fraction
}

/** A burn rate that somebody wants to be told of: an OpenSLO AlertCondition. It stands in the place of the tiers of the catalogue. */
export interface BurnCondition {
  readonly severity: Severity
  readonly op: Comparison
  /** The burn rate. */
  readonly factor: Fraction
  readonly lookback: Window
  /** A window that must burn as well, so that the alert ends soon after its cause; the same as `lookback` without one. */
  readonly short: Window
  readonly afterMs: number
}

/** What tiers are made for. */
export interface Watched {
  readonly budget: Fraction
  readonly period: Window
  /** What to watch for instead of what the catalogue says. */
  readonly conditions?: readonly BurnCondition[]
}

/** The tiers that watch an objective, and why others of the catalogue do not. */
export interface TierSet {
  readonly tiers: readonly Tier[]
  /** A sentence for each tier that cannot be used for this objective. */
  readonly refusals: readonly string[]
  /** A sentence for each tier that is used and yet looks wrong. */
  readonly warnings: readonly string[]
}

const ONE: Fraction = { numerator: 1n, denominator: 1n }

/**
 * Scales a catalogue to an objective (research: SRE workbook chapter 5, and Sloth's scaling): windows and budget shares
 * stay, factors follow the period. Conditions of the objective's own replace the catalogue. A threshold that even a total outage cannot exceed is refused, and said.
 */
export function tiersFor(catalog: TierCatalog, objective: Watched): TierSet {
  const tiers: Tier[] = []
  const refusals: string[] = []
  const warnings: string[] = []
  const { conditions = [] } = objective
  const ofPeriod = catalog.shortPeriods.toSorted((a, b) => a.upTo.ms - b.upTo.ms).find(({ upTo }) => objective.period.ms <= upTo.ms)
  const wanted = conditions.length > 0 ? conditions.map((condition) => tierOf(condition, objective)) : (ofPeriod ?? catalog).tiers.map((entry) => scale(entry, objective))
  for (const tier of wanted) {
    const what = `the ${tier.severity} tier ${tier.name}`
    if (tier.long.ms > objective.period.ms) {
      refusals.push(`${what} looks back longer than the objective's period of ${objective.period.text}, so it is left out`)
    } else if (isUnreachable(tier)) {
      const highest = toNumber({ numerator: objective.budget.denominator, denominator: objective.budget.numerator })
      refusals.push(`${what} can never fire: it needs a burn rate above ${shown(tier.factor)}, and a total outage burns ${round(highest)}; it is left out`)
    } else {
      if (isBelow(tier.op)) warnings.push(`${what} fires while little burns: gt and gte watch for a budget that burns`)
      else if (compare(tier.factor, ONE) < 0) warnings.push(`${what} fires at a burn rate of ${shown(tier.factor)}, which does not exhaust the budget within ${objective.period.text}`)
      tiers.push(tier)
    }
  }
  return { tiers, refusals, warnings }
}

/** Whether an operator asks for a burn rate below the threshold. */
export function isBelow(op: Comparison): boolean {
  return op === 'lt' || op === 'lte'
}

function isUnreachable({ op, threshold }: Tier): boolean {
  if (op === 'gt') return compare(threshold, ONE) >= 0
  return op === 'gte' && compare(threshold, ONE) > 0
}

function tierOf({ severity, op, factor, lookback, short, afterMs }: BurnCondition, { budget }: Watched): Tier {
  const windows = short.ms === lookback.ms ? lookback.text : `${lookback.text}/${short.text}`
  return { name: `${windows} ${op} ${shown(factor)}`, severity, long: lookback, short, op, factor, threshold: multiply(factor, budget), ...(afterMs > 0 && { afterMs }) }
}

function scale({ severity, budgetShare, op, long, short }: CatalogTier, { budget, period }: Watched): Tier {
  const factor = multiply(budgetShare, { numerator: BigInt(period.ms), denominator: BigInt(long.ms) })
  return { name: `${long.text}/${short.text}`, severity, long, short, op, factor, threshold: multiply(factor, budget) }
}

function shown(value: Fraction): string {
  return round(toNumber(value))
}

function round(value: number): string {
  return String(Number(value.toPrecision(6)))
}
