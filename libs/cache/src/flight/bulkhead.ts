import type { Clock, Timer } from '../clock.ts'

/** Bounds of a {@link Bulkhead}. */
export interface BulkheadLimits {
  /** Most loads at once. */
  readonly maxConcurrent: number
  /** Most loads that wait for their turn. */
  readonly maxQueued: number
  /** Longest wait for a turn, in milliseconds. */
  readonly maxWaitMs: number
}

interface Waiting {
  readonly admit: (admitted: boolean) => void
  readonly timer: Timer
}

/** Lets so many loads run at once and so many wait, in their order; what is more than that is refused at once, so that a cold cache cannot overrun the source. */
export class Bulkhead {
  readonly limits: BulkheadLimits
  readonly #clock: Clock
  readonly #waiting = new Set<Waiting>()
  #running = 0

  constructor(limits: BulkheadLimits, clock: Clock) {
    this.limits = limits
    this.#clock = clock
  }

  get running(): number {
    return this.#running
  }

  get queued(): number {
    return this.#waiting.size
  }

  /** True when a load would have to wait. */
  get full(): boolean {
    return this.#running >= this.limits.maxConcurrent
  }

  /** True when the load may run, and then {@link leave} must follow; false, perhaps later, when it is refused. */
  enter(): boolean | Promise<boolean> {
    if (!this.full) {
      this.#running++
      return true
    }
    if (this.#waiting.size >= this.limits.maxQueued) return false
    return new Promise((resolve) => {
      const waiting: Waiting = {
        admit: resolve,
        timer: this.#clock.setTimer(() => {
          this.#waiting.delete(waiting)
          resolve(false)
        }, this.limits.maxWaitMs),
      }
      this.#waiting.add(waiting)
    })
  }

  /** Gives the turn to the next in the queue. */
  leave(): void {
    const next = this.#waiting.values().next().value
    if (next === undefined) {
      this.#running--
      return
    }
    this.#waiting.delete(next)
    next.timer.cancel()
    next.admit(true)
  }
}
