import type { Clock, Timer } from '../src/clock.ts'

interface Due {
  readonly at: number
  readonly run: () => void
}

/** Lets promise jobs and queued ticks run to their end. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve))
}

/** A clock that stands still until it is told to move. */
export class FakeClock implements Clock {
  #now = 1_700_000_000_000
  readonly #timers = new Set<Due>()

  now(): number {
    return this.#now
  }

  exactNow(): number {
    return this.#now
  }

  setTimer(run: () => void, delayMs: number): Timer {
    const due: Due = { at: this.#now + delayMs, run }
    this.#timers.add(due)
    return { cancel: () => void this.#timers.delete(due) }
  }

  /** Moves time forward; timers run at their time, each followed by what it set in motion. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms
    await settle()
    for (;;) {
      const next = [...this.#timers].filter((timer) => timer.at <= end).toSorted((a, b) => a.at - b.at)[0]
      if (next === undefined) break
      this.#timers.delete(next)
      this.#now = Math.max(this.#now, next.at)
      next.run()
      await settle()
    }
    this.#now = end
  }
}
