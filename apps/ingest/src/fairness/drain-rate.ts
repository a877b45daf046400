/** Time over which the rate is a mean, milliseconds. */
const WINDOW_MS = 5_000

/** Bounds of what a sender is told to wait, seconds. */
const MIN_SECONDS = 1
const MAX_SECONDS = 10

/** How fast something is worked off, for telling senders when there will be room: an exponentially weighted mean of bytes a second. */
export class DrainRate {
  readonly #now: () => number
  #perSecond = 0
  #atMs: number

  /** @param now - milliseconds, monotonic or not. */
  constructor(now: () => number) {
    this.#now = now
    this.#atMs = now()
  }

  get perSecond(): number {
    this.done(0)
    return this.#perSecond
  }

  /** So many bytes are worked off. */
  done(bytes: number): void {
    const now = this.#now()
    const decay = Math.exp(-Math.max(0, now - this.#atMs) / WINDOW_MS)
    this.#atMs = now
    this.#perSecond = this.#perSecond * decay + bytes / (WINDOW_MS / 1000)
  }

  /** Seconds until so many bytes are worked off, as far as one can tell: what `Retry-After` says. @param idle - when nothing was worked off lately. */
  secondsFor(bytes: number, idle: number): number {
    const { perSecond } = this
    return perSecond < 1 ? idle : Math.min(MAX_SECONDS, Math.max(MIN_SECONDS, Math.ceil(bytes / perSecond)))
  }
}
