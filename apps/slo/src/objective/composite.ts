import type { Counts } from '../burn/burn-rate.ts'
import { complement, type Fraction, multiply, plus, quotient, rounded } from '../burn/fraction.ts'

/**
 * How parts make a whole. `weighted`: the mean of their ratios by weight. `sequence`: all are needed, so their ratios multiply.
 * `parallel`: one of them suffices, so their error ratios multiply.
 */
export const combinations = ['weighted', 'sequence', 'parallel'] as const
export type Combination = (typeof combinations)[number]

/** How much each part counts, and in which way. */
export interface Weighing {
  readonly combination: Combination
  readonly parts: readonly { readonly weight: Fraction }[]
}

const UNIT_DIGITS = 9
/** Events of a composite are billionths: its ratio, rounded to one. */
export const COMPOSITE_UNITS = 10 ** UNIT_DIGITS
const ZERO: Fraction = { numerator: 0n, denominator: 1n }
const ONE: Fraction = { numerator: 1n, denominator: 1n }

/** The whole, from the events of its parts in one window, computed exactly and rounded once. A part without events says nothing; without any there are none. */
export function combined({ combination, parts }: Weighing, counts: readonly Counts[]): Counts {
  const known = counts.flatMap(({ good, total }, index) => (total === 0 ? [] : [{ bad: { numerator: BigInt(total - good), denominator: BigInt(total) }, weight: parts[index]!.weight }]))
  if (known.length === 0) return { good: 0, total: 0 }
  const bad = Number(rounded(errorRatio(combination, known), UNIT_DIGITS).numerator)
  return { good: COMPOSITE_UNITS - bad, total: COMPOSITE_UNITS, rows: sum(counts, ({ rows, total }) => rows ?? total), badRows: sum(counts, ({ badRows, good, total }) => badRows ?? total - good) }
}

/** The mean of values by weight, exactly: `Σ wᵢ·vᵢ / Σ wᵢ`. */
export function weightedMean(parts: readonly { readonly value: Fraction; readonly weight: Fraction }[]): Fraction {
  const total = parts.reduce((all, { weight }) => plus(all, weight), ZERO)
  return quotient(parts.reduce((all, { value, weight }) => plus(all, multiply(value, weight)), ZERO), total)
}

function errorRatio(combination: Combination, parts: readonly { readonly bad: Fraction; readonly weight: Fraction }[]): Fraction {
  if (combination === 'weighted') return weightedMean(parts.map(({ bad, weight }) => ({ value: bad, weight })))
  if (combination === 'parallel') return parts.reduce((product, { bad }) => multiply(product, bad), ONE)
  return complement(parts.reduce((product, { bad }) => multiply(product, complement(bad)), ONE))
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0)
}
