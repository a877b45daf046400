import type { Counts } from '../burn/burn-rate.ts'

/**
 * How parts make a whole. `weighted`: the mean of their ratios by weight. `sequence`: all are needed, so their ratios multiply.
 * `parallel`: one of them suffices, so their error ratios multiply.
 */
export const combinations = ['weighted', 'sequence', 'parallel'] as const
export type Combination = (typeof combinations)[number]

/** How much each part counts, and in which way. */
export interface Weighing {
  readonly combination: Combination
  readonly parts: readonly { readonly weight: number }[]
}

/** Events of a composite are billionths: its ratio, rounded to one. */
export const COMPOSITE_UNITS = 1_000_000_000

/** The whole, from the events of its parts in one window. A part without events says nothing; without any there are none. */
export function combined({ combination, parts }: Weighing, counts: readonly Counts[]): Counts {
  const known = counts.flatMap(({ good, total }, index) => (total === 0 ? [] : [{ bad: (total - good) / total, weight: parts[index]!.weight }]))
  if (known.length === 0) return { good: 0, total: 0 }
  const bad = errorRatio(combination, known)
  return { good: COMPOSITE_UNITS - Math.round(bad * COMPOSITE_UNITS), total: COMPOSITE_UNITS, rows: sum(counts, ({ rows, total }) => rows ?? total), badRows: sum(counts, ({ badRows, good, total }) => badRows ?? total - good) }
}

function errorRatio(combination: Combination, parts: readonly { readonly bad: number; readonly weight: number }[]): number {
  if (combination === 'weighted') return sum(parts, ({ bad, weight }) => bad * weight) / sum(parts, ({ weight }) => weight)
  if (combination === 'parallel') return parts.reduce((product, { bad }) => product * bad, 1)
  return 1 - parts.reduce((product, { bad }) => product * (1 - bad), 1)
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0)
}
