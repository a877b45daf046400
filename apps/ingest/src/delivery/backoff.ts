/** Bounds of the waits between attempts, milliseconds. */
export const backoffDefaults = { baseMs: 100, capMs: 2_000 } as const

/**
 * A wait before attempt `attempt + 1`, by full jitter: anything from nothing to an exponentially growing bound.
 * "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
 *
 * @param random - 0 (inclusive) to 1 (exclusive).
 */
export function fullJitter(attempt: number, random: () => number): number {
  return random() * Math.min(backoffDefaults.capMs, backoffDefaults.baseMs * 2 ** (attempt - 1))
}
