import type { LocalEntry } from '../local/local-tier.ts'
import { promiseOf } from '../local/local-tier.ts'
import type { Source } from '../source.ts'
import type { Flight, Flights } from './flight.ts'
import type { Refresher } from './refresher.ts'
import type { RegionContext } from './region-context.ts'

/** What {@link StaleAnswers} need of their region. */
export interface StaleHost<R> {
  /** Whether the copy is still the one to be returned: it was neither removed nor replaced. */
  readonly isCurrent: (id: string, entry: LocalEntry<R>) => boolean
  readonly get: (id: string, source: Source<R>) => Promise<R>
}

/** Answers callers for whom there is a stale value: at once with that, or with its successor, when it comes within the soft timeout. */
export class StaleAnswers<R> {
  readonly #context: RegionContext
  readonly #loads: Flights<R>
  readonly #refresher: Refresher<R>
  readonly #host: StaleHost<R>

  constructor(context: RegionContext, loads: Flights<R>, refresher: Refresher<R>, host: StaleHost<R>) {
    this.#context = context
    this.#loads = loads
    this.#refresher = refresher
    this.#host = host
  }

  /** @param counter - what is raised when the answer is the stale value. */
  answer(id: string, old: LocalEntry<R>, source: Source<R>, counter: 'localStale' | 'redisStale'): Promise<R> {
    const { name, clock } = this.#context
    const began = this.#refresher.start(id, `${name}:${id}`, old, source)
    const load = source.policy.softLoadTimeoutMs === 0 ? undefined : this.#loads.get(id)
    // From the start of the load, not of the call: those who come late do not wait again.
    const patienceMs = load === undefined ? 0 : load.startedAt + source.policy.softLoadTimeoutMs - clock.exactNow()
    if (load !== undefined && patienceMs > 0) return this.#within(patienceMs, id, load, old, source, began ? 'miss' : 'coalesced', counter)
    this.#served(old, counter)
    return promiseOf(old)
  }

  #served(old: LocalEntry<R>, counter: 'localStale' | 'redisStale'): void {
    const { clock, counters, timings } = this.#context
    counters[counter]++
    timings.servedStale(clock.now() - old.softAt)
  }

  #within(patienceMs: number, id: string, load: Flight<R>, old: LocalEntry<R>, source: Source<R>, renewed: 'miss' | 'coalesced', stale: 'localStale' | 'redisStale'): Promise<R> {
    const { clock, counters } = this.#context
    return new Promise((resolve, reject) => {
      const fallBack = (): void => {
        // Removed meanwhile, it must not come back this way.
        if (!this.#host.isCurrent(id, old)) return resolve(this.#host.get(id, source))
        this.#served(old, stale)
        resolve(old.value)
      }
      const timer = clock.setTimer(fallBack, patienceMs)
      load.promise.then(
        (value) => {
          timer.cancel()
          if (load.fellBack || load.outdated) return fallBack()
          counters[renewed]++
          resolve(value)
        },
        (error: unknown) => {
          timer.cancel()
          if (this.#host.isCurrent(id, old)) return fallBack()
          counters.failed++
          reject(error instanceof Error ? error : new Error(String(error)))
        },
      )
    })
  }
}
