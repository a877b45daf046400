import { currentWork } from './work/current-work.ts'

/** What a cache tells its loader; `refresh` says that a stale value was served and nobody waits. */
export interface CacheLoadContext {
  readonly reason: 'miss' | 'expired' | 'early'
}

/** What this module uses of a definition of `@ballast/cache`. */
export interface ReadableCache<R> {
  /** The fresh local copy, or `undefined`. */
  peek(id: string): R | undefined
  get(id: string): Promise<R>
}

/** Where a value came from: this process, Redis (or an older copy here), or the source. */
export type CacheOutcome = 'local' | 'shared' | 'miss'

interface Wait {
  readers: number
  loads: number
  lastLoadMs: number
}

/**
 * Says on the current unit of work how a cache answered: `cache.outcome`, `cache.hits`, `cache.misses`, and a timer of the load that a reader
 * waited for, whichever reader it ran for. Loads that refresh a stale value in the background are counted as `cache.refreshes` on the unit of
 * work in which they run.
 */
export class CacheReads<R> {
  readonly #timer: string
  readonly #now: () => number
  /** Holds ids only while somebody waits. */
  readonly #waits = new Map<string, Wait>()

  /**
   * @param timer - name of the timer of loads.
   * @param now - a clock that never goes back, milliseconds.
   */
  constructor(timer = 'load', now: () => number = () => performance.now()) {
    this.#timer = timer
    this.#now = now
  }

  /** The loader to give to the cache, made from the one that reads the source. */
  loader<C extends CacheLoadContext>(load: (id: string, context: C) => R | Promise<R>): (id: string, context: C) => Promise<R> {
    return async (id, context) => {
      if (context.reason !== 'miss') currentWork().add('cache.refreshes')
      const startedAt = this.#now()
      try {
        return await load(id, context)
      } finally {
        const wait = context.reason === 'miss' ? this.#waits.get(id) : undefined
        if (wait !== undefined) {
          wait.loads++
          wait.lastLoadMs = this.#now() - startedAt
        }
      }
    }
  }

  /** Reads through the cache. */
  async get(cache: ReadableCache<R>, id: string): Promise<R> {
    if (cache.peek(id) !== undefined) {
      this.#say('local')
      return cache.get(id)
    }
    const wait = this.#waits.get(id) ?? { readers: 0, loads: 0, lastLoadMs: 0 }
    this.#waits.set(id, wait)
    wait.readers++
    const before = wait.loads
    try {
      return await cache.get(id)
    } finally {
      wait.readers--
      if (wait.readers === 0) this.#waits.delete(id)
      this.#say(wait.loads > before ? 'miss' : 'shared', wait.lastLoadMs)
    }
  }

  #say(outcome: CacheOutcome, loadMs = 0): void {
    const work = currentWork()
    work.set('cache.outcome', outcome)
    work.add(outcome === 'miss' ? 'cache.misses' : 'cache.hits')
    if (outcome === 'miss') work.recordTime(this.#timer, loadMs)
  }
}
