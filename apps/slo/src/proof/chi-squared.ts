import type { Difference } from '../alert/alert.ts'

/** How often an attribute has a value, among bad and among good events. */
export interface ValueCounts {
  readonly attribute: string
  readonly value: string
  readonly bad: number
  readonly good: number
}

/** All events of the stretch that is compared. */
export interface Totals {
  readonly bad: number
  readonly good: number
}

/** Below this a difference may be chance: one degree of freedom, p = 0.001, since many values are looked at. */
const SIGNIFICANT = 10.83
/** Values of fewer bad events than this are anecdotes. */
const MIN_BAD = 3

/**
 * What sets bad events apart, strongest first: the chi-squared statistic of the table "has the value or not, bad or good", for values
 * that bad events have more often. Of several values that mark the very same events one is kept for each attribute.
 *
 * @param limit - differences at most.
 */
export function differencesOf(counts: readonly ValueCounts[], totals: Totals, limit: number): Difference[] {
  const all = totals.bad + totals.good
  const found = counts.flatMap(({ attribute, value, bad, good }): Difference[] => {
    const [badShare, goodShare] = [share(bad, totals.bad), share(good, totals.good)]
    const chiSquared = chiSquaredOf(bad, totals.bad - bad, good, totals.good - good)
    if (bad < MIN_BAD || badShare <= goodShare || chiSquared < SIGNIFICANT) return []
    return [{ attribute, value, badShare, goodShare, lift: badShare / share(bad + good, all), chiSquared }]
  })
  const strongest = found.toSorted((a, b) => b.chiSquared - a.chiSquared || a.attribute.localeCompare(b.attribute) || a.value.localeCompare(b.value))
  return strongest.filter(({ attribute }, index) => strongest.findIndex((other) => other.attribute === attribute) === index).slice(0, limit)
}

/** Pearson's statistic of a two-by-two table; 0 where a row or column is empty, since there is nothing to compare. */
export function chiSquaredOf(a: number, b: number, c: number, d: number): number {
  const margins = (a + b) * (c + d) * (a + c) * (b + d)
  return margins === 0 ? 0 : ((a + b + c + d) * (a * d - b * c) ** 2) / margins
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole
}
