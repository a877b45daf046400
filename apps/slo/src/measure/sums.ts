import type { Counts } from '../burn/burn-rate.ts'

/** Counts of which everything is known. */
export type Sums = Required<Counts>

export const noEvents: Sums = { good: 0, total: 0, rows: 0, badRows: 0 }

/** Fills in what is not given: every event is a row of its own. */
export function sumsOf({ good, total, rows, badRows }: Counts): Sums {
  return { good, total, rows: rows ?? total, badRows: badRows ?? total - good }
}

/** `a + factor · b`. */
export function plus(a: Sums, b: Sums, factor: 1 | -1 = 1): Sums {
  return { good: a.good + factor * b.good, total: a.total + factor * b.total, rows: a.rows + factor * b.rows, badRows: a.badRows + factor * b.badRows }
}

/** Whether the counts are the same. */
export function sameSums(a: Sums, b: Sums): boolean {
  return a.good === b.good && a.total === b.total && a.rows === b.rows && a.badRows === b.badRows
}
