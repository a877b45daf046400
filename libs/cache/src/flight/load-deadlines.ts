import type { Clock, Timer } from '../clock.ts'

/** The deadline of one load. */
export class LoadDeadline {
  readonly #group: Group
  /** Called once when it is over. Must not throw. */
  readonly onDue: () => void
  ended = false

  constructor(group: Group, onDue: () => void) {
    this.#group = group
    this.onDue = onDue
  }

  /** The load has ended in time. */
  end(): void {
    this.ended = true
    this.#group.ended()
  }
}

/** Loads that began in the same turn of the event loop and have the same time. */
class Group {
  readonly timeoutMs: number
  readonly #timer: Timer
  readonly #deadlines: LoadDeadline[] = []
  #running = 0

  constructor(timeoutMs: number, clock: Clock) {
    this.timeoutMs = timeoutMs
    this.#timer = clock.setTimer(() => {
      for (const deadline of this.#deadlines) if (!deadline.ended) deadline.onDue()
    }, timeoutMs)
  }

  /** True when all loads have ended, and the timer with them. */
  get over(): boolean {
    return this.#deadlines.length > 0 && this.#running === 0
  }

  add(onDue: () => void): LoadDeadline {
    const deadline = new LoadDeadline(this, onDue)
    this.#running++
    this.#deadlines.push(deadline)
    return deadline
  }

  ended(): void {
    if (--this.#running === 0) this.#timer.cancel()
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
      if (group === undefined) queueMicrotask(this.#closeGroup)
      group = new Group(timeoutMs, this.#clock)
      this.#joinable = group
    }
    return group.add(onDue)
  }
}
