import type { Counts } from '../burn/burn-rate.ts'
import { binomialTail } from '../burn/binomial.ts'
import { type Fraction, toNumber } from '../burn/fraction.ts'

/** What a tier does while there is less history than its long window: fire, wait, or take the time before as free of faults. */
export const youngMeanings = ['alert', 'wait', 'dilute'] as const
export type Young = (typeof youngMeanings)[number]

/** What must be true for a tier to hold, beside its burn rates. */
export interface Gates {
  /** Bad rows that the long window needs. @default 0 */
  readonly minBadEvents: number
  /** A tier holds only if so many bad rows would come by chance less often than this, were the burn rate just at its threshold. */
  readonly significance: number | undefined
  /** @default alert */
  readonly young: Young
}

/** No gates. */
export const openGates: Gates = { minBadEvents: 0, significance: undefined, young: 'alert' }

/** Whether the bad rows of the long window suffice. Rows are counted, because a row that stands for many events was still seen once. */
export function passes({ minBadEvents, significance }: Gates, { good, total, rows = total, badRows = total - good }: Counts, threshold: Fraction): boolean {
  return rows > 0 && badRows >= minBadEvents && (significance === undefined || binomialTail(badRows, rows, toNumber(threshold)) < significance)
}
