/** Each step keeps one in so many times fewer. */
const STEP = 2

/** Time above the high mark before the next step up, and below the low mark before one down; milliseconds. */
const STEP_UP_MS = 2_000
const STEP_DOWN_MS = 10_000

export interface StressReliefOptions {
  /** Largest factor by which sampling is made coarser; 1 is never. */
  readonly maxFactor: number
  /** Load from 0 to 1 at which it begins. */
  readonly high: number
  /** Load below which it ends. */
  readonly low: number
  /** Milliseconds. */
  readonly now: () => number
  readonly onChange: (factor: number, load: number) => void
}

/**
 * Keeps fewer records while there is too much to do, before any are refused: step by step, and back with hysteresis, so that it
 * does not swing. What it leaves out is decided by trace ids and told in `SampleRate`, so counts stay right on average (after the
 * stress relief of Honeycomb's Refinery).
 */
export class StressRelief {
  readonly #options: StressReliefOptions
  #factor = 1
  /** Since when the load is on this side of the marks. */
  #sinceMs: number
  #side: 'above' | 'between' | 'below' = 'below'

  constructor(options: StressReliefOptions) {
    this.#options = options
    this.#sinceMs = options.now()
  }

  /** Rates are this many times as high; 1 without stress. */
  get factor(): number {
    return this.#factor
  }

  /** Told how full ingest is, 0 to 1; at least once a second. */
  observe(load: number): void {
    const { high, low, maxFactor, now } = this.#options
    const nowMs = now()
    const side = load >= high ? 'above' : load < low ? 'below' : 'between'
    if (side !== this.#side) {
      this.#side = side
      this.#sinceMs = nowMs
    }
    const forMs = nowMs - this.#sinceMs
    if (side === 'above' && this.#factor < maxFactor && forMs >= STEP_UP_MS) this.#become(Math.min(maxFactor, this.#factor * STEP), load, nowMs)
    else if (side === 'below' && this.#factor > 1 && forMs >= STEP_DOWN_MS) this.#become(Math.max(1, Math.floor(this.#factor / STEP)), load, nowMs)
  }

  #become(factor: number, load: number, nowMs: number): void {
    this.#factor = factor
    this.#sinceMs = nowMs
    this.#options.onChange(factor, load)
  }
}
