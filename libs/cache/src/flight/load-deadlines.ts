import type { Clock, Timer } from '../clock.ts'

/** The deadline of one load. */
export interface LoadDeadline {
  /** The load has ended in time. */
  end(): void
}

/** Loads that began in the same turn of the event loop and have the same time: they share a timer. */
class Group {
  readonly timeoutMs: number
  readonly #timer: Timer
  readonly #loads: { ended: boolean; readonly onDue: () => void }[] = []
  #running = 0

  constructor(timeoutMs: number, clock: Clock) {
    this.timeoutMs = timeoutMs
    this.#timer = clock.setTimer(() => {
      for (const load of this.#loads) if (!load.ended) load.onDue()
    }, timeoutMs)
  }

  add(onDue: () => void): LoadDeadline {
    const load = {
      ended: false,
      onDue,
      end: () => {
        load.ended = true
        // Whoever joins later finds it cancelled: so it must not be joined then, see LoadDeadlines.
        if (--this.#running === 0) this.#timer.cancel()
      },
    }
    this.#running++
    this.#loads.push(load)
    return load
  }

  get over(): boolean {
    return this.#running === 0
  }
}

/** Ends loads that take too long. A batch of misses starts many at once, which cost one timer. */
export class LoadDeadlines {
  readonly #clock: Clock
  #joinable: Group | undefined
  readonly #closeGroup = (): void => {
    this.#joinable = undefined
  }

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** @param onDue - called once after `timeoutMs`, unless the load has ended before. Must not throw. */
  start(timeoutMs: number, onDue: () => void): LoadDeadline {
    let group = this.#joinable
    if (group === undefined || group.timeoutMs !== timeoutMs || group.over) {
      group = new Group(timeoutMs, this.#clock)
      if (this.#joinable === undefined) queueMicrotask(this.#closeGroup)
      this.#joinable = group
    }
    return group.add(onDue)
  }
}
