/** How many events of one kind of failure leave the process. */
export interface FloodOptions {
  /** Events a second of one fingerprint, on average. @default 100 */
  readonly perSecond?: number
  /** Events of one fingerprint that may come at once. @default 2000 */
  readonly burst?: number
}

/** Defaults of {@link FloodOptions}. */
export const floodDefaults = {
  /** events a second */
  perSecond: 100,
  /** events */
  burst: 2_000,
} as const satisfies Required<FloodOptions>

/** Most fingerprints that are told apart; the one that was seen first makes room. */
const MAX_FINGERPRINTS = 1_000

interface Bucket {
  tokens: number
  refilledAtMs: number
  /** Weight of what was suppressed since the last event that passed. */
  suppressed: number
}

/** A token bucket for each fingerprint. What it holds back is counted, and carried by the next event of the same fingerprint. */
export class FloodControl {
  readonly #buckets = new Map<string, Bucket>()
  readonly #perMs: number
  readonly #burst: number
  readonly #now: () => number
  /** Events held back since the start of the process. */
  suppressedTotal = 0

  /** @param now - a clock that never goes back, milliseconds. */
  constructor(options: FloodOptions = {}, now: () => number = () => performance.now()) {
    this.#perMs = (options.perSecond ?? floodDefaults.perSecond) / 1_000
    this.#burst = options.burst ?? floodDefaults.burst
    this.#now = now
  }

  /**
   * Asks for one event.
   *
   * @param weight - how many units of work it stands for.
   * @returns the weight of the earlier ones that this event also stands for, or `undefined` when it is held back.
   */
  pass(fingerprint: string, weight: number): number | undefined {
    const bucket = this.#bucket(fingerprint)
    if (bucket.tokens < 1) {
      bucket.suppressed += weight
      this.suppressedTotal++
      return undefined
    }
    bucket.tokens--
    const { suppressed } = bucket
    bucket.suppressed = 0
    return suppressed
  }

  #bucket(fingerprint: string): Bucket {
    const nowMs = this.#now()
    let bucket = this.#buckets.get(fingerprint)
    if (bucket === undefined) {
      if (this.#buckets.size >= MAX_FINGERPRINTS) this.#buckets.delete(this.#buckets.keys().next().value!)
      bucket = { tokens: this.#burst, refilledAtMs: nowMs, suppressed: 0 }
      this.#buckets.set(fingerprint, bucket)
      return bucket
    }
    bucket.tokens = Math.min(this.#burst, bucket.tokens + (nowMs - bucket.refilledAtMs) * this.#perMs)
    bucket.refilledAtMs = nowMs
    return bucket
  }
}
