import type { Cache, Definition, Explanation } from '../src/index.ts'
import { until } from './redis-fixture.ts'

const TICK_MS = 5

/** Tells how long this process itself was held up, so that a busy machine does not count as a slow cache. */
export class LagProbe {
  readonly #late: { readonly at: number; readonly ms: number }[] = []
  #last = performance.now()
  readonly #timer = setInterval(() => {
    const now = performance.now()
    const ms = now - this.#last - TICK_MS
    if (ms > 2) this.#late.push({ at: now, ms })
    this.#last = now
  }, TICK_MS)

  /** Milliseconds in which no timer could run, between two moments of `performance.now()`. */
  between(from: number, to: number): number {
    let sum = Math.max(0, performance.now() - this.#last - TICK_MS)
    for (const { at, ms } of this.#late) if (at > from && at - ms < to) sum += ms
    return sum
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}

/** What callers met with during a drill. */
export interface DrillReport {
  readonly calls: number
  readonly errors: readonly string[]
  /** Longest call, less the time in which the process itself was held up, in milliseconds. */
  readonly slowestMs: number
}

/** What the loaders of a drill take. */
const LOAD_MS = 5
/** The ids whose loader fails. */
const STALE_IDS = ['s0', 's1', 's2', 's3']
/** So many looks in a row that find all copies: a message about a store comes soon after the answer to it. */
const SETTLED_LOOKS = 10

/**
 * Callers that ask for values all the time, in one process or several, while something happens to Redis:
 * for ids whose loader works, and for ids whose loader has failed ever since they were loaded, so that only a stale value can answer.
 */
export class Drill {
  readonly #lag = new LagProbe()
  readonly #ask: ((n: number) => readonly Promise<string>[])[]
  readonly #errors: string[] = []
  readonly #calls = new Set<Promise<void>>()
  readonly #stale: Definition<string>[] = []
  #count = 0
  #slowestMs = 0
  #sourceDown = false

  constructor(caches: readonly Cache[]) {
    const load = async (id: string): Promise<string> => {
      await new Promise((resolve) => setTimeout(resolve, LOAD_MS))
      return id
    }
    this.#ask = caches.map((cache) => {
      const loadable = cache.define({ name: 'loadable', load, softTtl: 50, hardTtl: '10m' })
      const stale = cache.define({
        name: 'stale',
        load: (id: string) => (this.#sourceDown ? Promise.reject(new Error('the source is down')) : load(id)),
        softTtl: 1,
        hardTtl: '10m',
        refreshRetryDelay: 20,
      })
      this.#stale.push(stale)
      return (n) => [loadable.get(`known${n % 20}`), loadable.get(`new${n}`), stale.get(`s${n % 4}`)]
    })
  }

  /**
   * Calls while `fault` runs.
   *
   * @param fault - is given what repairs the source. Redis must not come back without its entries before that:
   * then nobody can tell what was invalidated, so that no old value is served and only the loader can answer.
   * @param staleToo - false when the source works from the beginning.
   */
  async during(fault: (repairSource: () => void) => Promise<unknown>, staleToo = true): Promise<DrillReport> {
    await Promise.all(this.#stale.map((stale) => stale.getMany(STALE_IDS)))
    this.#sourceDown = staleToo
    if (staleToo) await this.#settle()
    let n = 0
    const timer = setInterval(() => {
      n++
      for (const ask of this.#ask) for (const call of ask(n)) this.#watch(call)
    }, 10)
    try {
      await fault(() => {
        this.#sourceDown = false
      })
    } finally {
      clearInterval(timer)
    }
    await Promise.all(this.#calls)
    this.#sourceDown = false
    this.#lag.stop()
    return { calls: this.#count, errors: [...new Set(this.#errors)], slowestMs: Math.round(this.#slowestMs) }
  }

  /**
   * Waits until every process has its copies to fall back on, and nothing under way takes them: a renewal that one process began while
   * the source still worked takes the copies of the others, and whoever cannot ask Redis then has nothing.
   */
  async #settle(): Promise<void> {
    const explained = (): Promise<readonly Explanation[]> => Promise.all(this.#stale.flatMap((stale) => STALE_IDS.map((id) => stale.explain(id))))
    await until('what the source was asked for while it worked is stored', async () => (await explained()).every(({ loading }) => !loading))
    let looks = 0
    await until('every process has its copies', async () => {
      await Promise.all(this.#stale.map((stale) => stale.getMany(STALE_IDS)))
      looks = (await explained()).every(({ local }) => local !== undefined) ? looks + 1 : 0
      return looks === SETTLED_LOOKS
    })
  }

  #watch(call: Promise<string>): void {
    this.#count++
    const began = performance.now()
    const ended = (): void => {
      const now = performance.now()
      this.#slowestMs = Math.max(this.#slowestMs, now - began - LOAD_MS - this.#lag.between(began, now))
      this.#calls.delete(watched)
    }
    const watched = call.then(ended, (error: unknown) => {
      this.#errors.push(String(error))
      ended()
    })
    this.#calls.add(watched)
  }
}
