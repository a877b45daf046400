import type { Clock, Timer } from '../clock.ts'

/** Bounds of a {@link Bulkhead}. */
export interface BulkheadLimits {
  /** Most loads at once. */
  readonly maxConcurrent: number
  /** Most loads that wait for their turn. */
  readonly maxQueued: number
  /** Longest wait for a turn, in milliseconds. */
  readonly maxWaitMs: number
  /** How long the number of loads at once takes from `rampFrom` to `maxConcurrent` after a cold start, in milliseconds; 0: it begins there. */
  readonly rampUpMs: number
  readonly rampFrom: number
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
  /** End of the ramp, in wall-clock milliseconds; 0 when there is none, or no more. */
  #rampEndsAt: number
  #rampTimer: Timer | undefined

  constructor(limits: BulkheadLimits, clock: Clock) {
    this.limits = limits
    this.#clock = clock
    this.#rampEndsAt = limits.rampUpMs === 0 ? 0 : clock.exactNow() + limits.rampUpMs
  }

  get running(): number {
    return this.#running
  }

  get queued(): number {
    return this.#waiting.size
  }

  /** Most loads at once, now. */
  get limit(): number {
    const { maxConcurrent, rampFrom, rampUpMs } = this.limits
    if (this.#rampEndsAt === 0) return maxConcurrent
    const leftMs = this.#rampEndsAt - this.#clock.exactNow()
    if (leftMs <= 0) {
      this.#rampEndsAt = 0
      return maxConcurrent
    }
    // A clock that was set back must not close it.
    return Math.max(rampFrom, Math.floor(maxConcurrent - ((maxConcurrent - rampFrom) * leftMs) / rampUpMs))
  }

  /** True when a load would have to wait. */
  get full(): boolean {
    return this.#running >= this.limit
  }

  /** Everything is cold again: the ramp begins anew. */
  cool(): void {
    if (this.limits.rampUpMs > 0) this.#rampEndsAt = this.#clock.exactNow() + this.limits.rampUpMs
  }

  /** True when the load may run, and then {@link leave} must follow; false, perhaps later, when it is refused. */
  enter(): boolean | Promise<boolean> {
    if (!this.full) {
      this.#running++
      return true
    }
    if (this.#waiting.size >= this.limits.maxQueued) return false
    const admitted = new Promise<boolean>((resolve) => {
      const waiting: Waiting = {
        admit: resolve,
        timer: this.#clock.setTimer(() => {
          this.#waiting.delete(waiting)
          resolve(false)
        }, this.limits.maxWaitMs),
      }
      this.#waiting.add(waiting)
    })
    this.#awaitRamp()
    return admitted
  }

  /** Gives the turn to the next in the queue. */
  leave(): void {
    this.#running--
    this.#admit()
  }

  #admit(): void {
    for (const next of this.#waiting) {
      if (this.full) break
      this.#waiting.delete(next)
      next.timer.cancel()
      this.#running++
      next.admit(true)
    }
    this.#awaitRamp()
  }

  /** On the ramp a turn comes with time, too, not only when a load ends. */
  #awaitRamp(): void {
    if (this.#rampEndsAt === 0 || this.#rampTimer !== undefined || this.#waiting.size === 0) return
    const { maxConcurrent, rampFrom, rampUpMs } = this.limits
    this.#rampTimer = this.#clock.setTimer(
      () => {
        this.#rampTimer = undefined
        this.#admit()
      },
      Math.max(1, rampUpMs / Math.max(1, maxConcurrent - rampFrom)),
    )
  }
}
