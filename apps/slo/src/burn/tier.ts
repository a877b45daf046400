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
  /** Whether it fires at its threshold, or only above. */
  readonly op: Comparison
  /** Burn rate above which it fires: `q · P / W`, share of the budget times period over long window. */
  readonly factor: Fraction
  /** Error ratio above which it fires: the factor times the budget. */
  readonly threshold: Fraction
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
 * stay, factors follow the period. A threshold that even a total outage cannot exceed is refused, and said.
 */
export function tiersFor(catalog: TierCatalog, objective: { readonly budget: Fraction; readonly period: Window }): TierSet {
  const tiers: Tier[] = []
  const refusals: string[] = []
  const warnings: string[] = []
  const ofPeriod = catalog.shortPeriods.toSorted((a, b) => a.upTo.ms - b.upTo.ms).find(({ upTo }) => objective.period.ms <= upTo.ms)
  for (const entry of (ofPeriod ?? catalog).tiers) {
    const tier = scale(entry, objective)
    const what = `the ${tier.severity} tier ${tier.name}`
    if (tier.long.ms > objective.period.ms) {
      refusals.push(`${what} looks back longer than the objective's period of ${objective.period.text}, so it is left out`)
    } else if (tier.op === 'gt' ? compare(tier.threshold, ONE) >= 0 : compare(tier.threshold, ONE) > 0) {
      const highest = toNumber({ numerator: objective.budget.denominator, denominator: objective.budget.numerator })
      refusals.push(`${what} can never fire: it needs a burn rate above ${shown(tier.factor)}, and a total outage burns ${round(highest)}; it is left out`)
    } else {
      if (compare(tier.factor, ONE) < 0) warnings.push(`${what} fires at a burn rate of ${shown(tier.factor)}, which does not exhaust the budget within ${objective.period.text}`)
      tiers.push(tier)
    }
  }
  return { tiers, refusals, warnings }
}

function scale({ severity, budgetShare, op, long, short }: CatalogTier, { budget, period }: { readonly budget: Fraction; readonly period: Window }): Tier {
  const factor = multiply(budgetShare, { numerator: BigInt(period.ms), denominator: BigInt(long.ms) })
  return { name: `${long.text}/${short.text}`, severity, long, short, op, factor, threshold: multiply(factor, budget) }
}

function shown(value: Fraction): string {
  return round(toNumber(value))
}

function round(value: number): string {
  return String(Number(value.toPrecision(6)))
}
