/** How long to wait between attempts, milliseconds. */
export interface RetryPolicy {
  /** Upper bound of the first wait. */
  readonly baseMs: number
  /** Upper bound of every wait, also of one that the receiver asks for. */
  readonly maxMs: number
}

/**
 * Full jitter: a random time up to a bound that doubles with each attempt, so that receivers that come back are not met by
 * everyone at once. What the receiver asked for by `Retry-After` is the least.
 *
 * @param attempt - 0 for the first retry.
 * @param random - 0 to below 1.
 */
export function retryDelayMs(policy: RetryPolicy, attempt: number, random: number, retryAfterMs: number | undefined): number {
  const bound = Math.min(policy.maxMs, policy.baseMs * 2 ** Math.min(attempt, 30))
  return Math.min(policy.maxMs, Math.round(random * bound) + (retryAfterMs ?? 0))
}

/** Reads `Retry-After`: seconds or a date. `undefined` when there is none, or nonsense. */
export function parseRetryAfter(header: string | null, nowMs: number): number | undefined {
  if (header === null) return undefined
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1000
  const at = Date.parse(header)
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs)
}
