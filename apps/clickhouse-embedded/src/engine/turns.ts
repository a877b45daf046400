import { ClickHouseException } from '../errors.ts'

/** Bounds of the wait for a turn. */
export interface TurnLimits {
  /** Turns that may be waited for at once. */
  readonly maxWaiting: number
  /** Longest wait, milliseconds. */
  readonly maxWaitMs: number
}

interface Waiter<T> {
  readonly give: (item: T) => void
  readonly refuse: (error: ClickHouseException) => void
  readonly timer: NodeJS.Timeout
}

/** Items that one taker at a time uses; takers wait in order, in a queue bounded by length and by age. */
export class Turns<T> {
  readonly #free: T[]
  readonly #limits: TurnLimits
  readonly #waiting = new Set<Waiter<T>>()
  #closed = false

  constructor(items: readonly T[], limits: TurnLimits) {
    this.#free = [...items]
    this.#limits = limits
  }

  /** How many wait now. */
  get waiting(): number {
    return this.#waiting.size
  }

  /**
   * Takes an item; give it back with {@link give}.
   *
   * @throws ClickHouseException TOO_MANY_SIMULTANEOUS_QUERIES when the queue is full or the wait too long; QUERY_WAS_CANCELLED on abort.
   */
  take(signal: AbortSignal): Promise<T> {
    if (this.#closed) return Promise.reject(ClickHouseException.of('ABORTED', 'The server is stopping.', { httpStatus: 503 }))
    const item = this.#free.pop()
    if (item !== undefined) return Promise.resolve(item)
    const { maxWaiting, maxWaitMs } = this.#limits
    if (this.#waiting.size >= maxWaiting) return Promise.reject(tooMany(`all turns are taken and ${maxWaiting} queries wait already`))
    return new Promise<T>((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(waiter.timer)
        this.#waiting.delete(waiter)
        signal.removeEventListener('abort', onAbort)
      }
      const onAbort = (): void => waiter.refuse(ClickHouseException.of('QUERY_WAS_CANCELLED', 'Query was cancelled before it began.'))
      const waiter: Waiter<T> = {
        give: (taken) => {
          settle()
          resolve(taken)
        },
        refuse: (error) => {
          settle()
          reject(error)
        },
        timer: setTimeout(() => waiter.refuse(tooMany(`no turn within ${maxWaitMs} ms`)), maxWaitMs),
      }
      this.#waiting.add(waiter)
      if (signal.aborted) onAbort()
      else signal.addEventListener('abort', onAbort, { once: true })
    })
  }

  /** Gives an item back, to the one who waited longest. */
  give(item: T): void {
    const [next] = this.#waiting
    if (next === undefined) this.#free.push(item)
    else next.give(item)
  }

  /** Refuses those who wait and all who come. */
  close(): void {
    this.#closed = true
    for (const waiter of this.#waiting) waiter.refuse(ClickHouseException.of('ABORTED', 'The server is stopping.', { httpStatus: 503 }))
  }
}

function tooMany(why: string): ClickHouseException {
  return ClickHouseException.of('TOO_MANY_SIMULTANEOUS_QUERIES', `Too many simultaneous queries: ${why}; try again later.`, { httpStatus: 503 })
}
