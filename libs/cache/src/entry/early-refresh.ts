import type { Entry } from './entry.ts'

/** Above so many costs before the expiry a refresh is so improbable (2 in 10^9) that no random number is drawn. */
const NEGLIGIBLE_COSTS = 20
/** The last part of the soft lifetime in which a value may be refreshed early: else a value that is dear and short-lived would be refreshed all the time. */
const MAX_SHARE = 0.25

/** How long before its soft expiry an entry may be refreshed early, in milliseconds; 0 for never. An absence is not. */
export function earlyWindowMs(entry: Pick<Entry<unknown>, 'value' | 'deltaMs' | 'softTtlMs'>, beta: number): number {
  return entry.value === null ? 0 : Math.min(NEGLIGIBLE_COSTS * beta * entry.deltaMs, MAX_SHARE * entry.softTtlMs)
}

/**
 * Whether this request refreshes a fresh value: with probability exp(-gap / (beta x cost)), `gap` being the time that is left.
 * So of many requests about one does, some time before the expiry that grows with the cost, and without any coordination.
 *
 * XFetch: Vattani, Chierichetti, Lowenstein, "Optimal Probabilistic Cache Stampede Prevention", PVLDB 8(8), 2015.
 */
export function refreshesEarly(now: number, softAt: number, deltaMs: number, beta: number, random: () => number): boolean {
  // 1 - random() is never 0.
  return now - deltaMs * beta * Math.log(1 - random()) >= softAt
}
