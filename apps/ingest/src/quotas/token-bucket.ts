/** What a bucket gets and holds. */
export interface BucketLimits {
  /** Tokens that come in a second. */
  readonly perSecond: number
  /** Tokens that it holds when it is full. */
  readonly capacity: number
}

/**
 * A token bucket that may go into debt: what a request costs is known when it has been read, and the next one waits until the
 * debt is paid. So the rate holds in the long run, whatever one request costs.
 */
export class TokenBucket {
  readonly #limits: BucketLimits
  #level: number
  #atMs: number

  /** Begins full. */
  constructor(limits: BucketLimits, nowMs: number) {
    this.#limits = limits
    this.#level = limits.capacity
    this.#atMs = nowMs
  }

  get limits(): BucketLimits {
    return this.#limits
  }

  /** @param share - part of the rate that this process may give out by itself. */
  level(nowMs: number, share = 1): number {
    const { perSecond, capacity } = this.#limits
    // A clock that went back gives nothing, and takes nothing.
    this.#level = Math.min(capacity, this.#level + (Math.max(0, nowMs - this.#atMs) / 1000) * perSecond * share)
    this.#atMs = nowMs
    return this.#level
  }

  /** Milliseconds until so many tokens are there; more than it can hold count as all that it can hold. */
  waitMs(tokens: number, nowMs: number, share = 1): number {
    const missing = Math.min(tokens, this.#limits.capacity) - this.level(nowMs, share)
    return missing <= 0 ? 0 : (missing / (this.#limits.perSecond * share)) * 1000
  }

  take(tokens: number): void {
    this.#level -= tokens
  }

  /** What the replicas' shared bucket holds. */
  adopt(level: number, nowMs: number): void {
    this.#level = Math.min(this.#limits.capacity, level)
    this.#atMs = nowMs
  }
}
