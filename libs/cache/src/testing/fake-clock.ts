import type { Clock, Timer } from '../clock.ts'

interface Due {
  readonly at: number
  readonly run: () => void
}

/** Lets promise jobs and queued ticks run to their end. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** A tick runs when no promise job is left: much cheaper than a turn of the event loop. */
function promiseJobsDone(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve))
}

/** A clock that stands still until it is told to move. It opens no real timer, so a test never waits. */
export class FakeClock implements Clock {
  #now: number
  /** In the order in which they run; the next one is last. */
  readonly #timers: Due[] = []

  /** @param startMs - what it shows at first, in milliseconds since 1970. @default a day in November 2023 */
  constructor(startMs = 1_700_000_000_000) {
    this.#now = startMs
  }

  now(): number {
    return this.#now
  }

  exactNow(): number {
    return this.#now
  }

  setTimer(run: () => void, delayMs: number): Timer {
    const timers = this.#timers
    const due: Due = { at: this.#now + delayMs, run }
    // Before all that run earlier; of those at the same time the first one made runs first.
    let i = timers.length
    while (i > 0 && timers[i - 1]!.at <= due.at) i--
    timers.splice(i, 0, due)
    return {
      cancel: () => {
        const at = timers.indexOf(due)
        if (at !== -1) timers.splice(at, 1)
      },
    }
  }

  /** Moves time forward; timers run at their time, each followed by all that it set in motion. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms
    await settle()
    for (;;) {
      const next = this.#timers.at(-1)
      if (next === undefined || next.at > end) break
      this.#timers.pop()
      this.#now = Math.max(this.#now, next.at)
      next.run()
      await promiseJobsDone()
    }
    this.#now = end
    await settle()
  }
}
