/** A timer that can be called off. */
export interface Timer {
  cancel(): void
}

/** Time, as the cache sees it. Tests pass one of their own. */
export interface Clock {
  /** Wall-clock time in milliseconds; may lag a few milliseconds behind, so that a read costs no system call. */
  now(): number
  /** Wall-clock time in milliseconds, exact: for stamps and measured durations. */
  exactNow(): number
  /** Calls `run` once after `delayMs`. Does not keep the process alive. */
  setTimer(run: () => void, delayMs: number): Timer
}

/** How far {@link SystemClock.now} may lag behind, in milliseconds, while the event loop turns. */
const RESOLUTION_MS = 5

/** The computer's clock. The time of the first read is kept for 5 ms, so a busy cache reads the clock 200 times a second and an idle one never. */
export class SystemClock implements Clock {
  #cachedMs = 0
  readonly #forget = (): void => {
    this.#cachedMs = 0
  }

  now(): number {
    return this.#cachedMs === 0 ? this.#read() : this.#cachedMs
  }

  exactNow(): number {
    return Date.now()
  }

  setTimer(run: () => void, delayMs: number): Timer {
    const timer = setTimeout(run, delayMs).unref()
    return { cancel: () => clearTimeout(timer) }
  }

  #read(): number {
    this.#cachedMs = Date.now()
    setTimeout(this.#forget, RESOLUTION_MS).unref()
    return this.#cachedMs
  }
}
