import { type Fraction, toNumber } from './fraction.ts'

/** Events of a window, weighted by their sample rate: whole numbers. */
export interface Counts {
  readonly good: number
  readonly total: number
  /** Rows that `total` was counted from: fewer than it where they were sampled. @default total */
  readonly rows?: number
  /** Rows among them that were bad. @default total − good */
  readonly badRows?: number
}

/** How an error ratio is compared with a threshold, in OpenSLO's words: above it, strictly, as the SRE workbook has it, or not; or below it. */
export const comparisons = ['gt', 'gte', 'lt', 'lte'] as const
export type Comparison = (typeof comparisons)[number]

const ONE: Fraction = { numerator: 1n, denominator: 1n }

/** Bad events over all events: from sums of counts, never a mean of ratios. `undefined` without events. */
export function errorRatio({ good, total }: Counts): number | undefined {
  return total === 0 ? undefined : (total - good) / total
}

/** How many times faster than allowed the budget is spent (1 spends it exactly over the period). `undefined` without events. */
export function burnRate(counts: Counts, budget: Fraction): number | undefined {
  const ratio = errorRatio(counts)
  return ratio === undefined ? undefined : ratio / toNumber(budget)
}

/**
 * Whether the error ratio is above a threshold, or below it, exactly: `bad · denominator > numerator · total` in integers.
 * Without events there is no ratio, and so no.
 *
 * @param threshold - an error ratio: a tier's factor times the budget.
 * @param op - `gte` and `lte`: at the threshold, too. @default gt
 */
export function crosses({ good, total }: Counts, threshold: Fraction, op: Comparison = 'gt'): boolean {
  if (total === 0) return false
  const [bad, limit] = [BigInt(total - good) * threshold.denominator, threshold.numerator * BigInt(total)]
  if (bad === limit) return op === 'gte' || op === 'lte'
  return op === 'gt' || op === 'gte' ? bad > limit : bad < limit
}

/**
 * The part of the period's budget that is left, `1 − e/B`; negative when overspent, never clamped. `undefined` without events.
 *
 * @param share - the share of the whole budget that these events are measured by: 1 when the events of the period so far are all that count,
 *   so that a young objective's budget is that of its young traffic; less when the period, or its slices, go on. @default 1
 */
export function budgetRemaining(counts: Counts, budget: Fraction, share: Fraction = ONE): number | undefined {
  if (counts.total === 0) return undefined
  const allowed = budget.numerator * BigInt(counts.total) * share.denominator
  const spent = BigInt(counts.total - counts.good) * budget.denominator * share.numerator
  return toNumber({ numerator: allowed - spent, denominator: allowed })
}

/**
 * Time until the budget is gone if it goes on burning like this, milliseconds: `remaining · period / burn`.
 * Infinity when nothing burns, 0 when it is gone.
 *
 * @param remaining - the part of the budget that is left. @default 1
 */
export function timeToExhaustionMs(periodMs: number, burn: number, remaining = 1): number {
  if (remaining <= 0) return 0
  return burn <= 0 ? Number.POSITIVE_INFINITY : (remaining * periodMs) / burn
}
