import { CacheError } from '../errors.ts'
import type { Policy } from '../policy.ts'
import type { LoadContext, LoadManyContext, Source } from '../source.ts'
import { LazyAbort } from './lazy-abort.ts'
import { inLoadSpan } from './load-span.ts'
import { shedError } from './loader.ts'
import type { RegionContext } from './region-context.ts'
import { timedLoad } from './timed-load.ts'

/** What a {@link LoadBatch} needs. */
export interface LoadBatchOptions<R> {
  readonly policy: Policy
  readonly loadMany: (ids: readonly string[], context: LoadManyContext) => ReadonlyMap<string, R> | Promise<ReadonlyMap<string, R>>
  readonly context: Pick<RegionContext, 'name' | 'bulkhead' | 'counters' | 'timings' | 'loadSpans' | 'deadlines'>
}

interface Asked<R> {
  readonly id: string
  readonly context: LoadContext
  readonly resolve: (value: R) => void
  readonly reject: (error: unknown) => void
}

/**
 * The source behind one `getMany`: gathers the ids that have to be loaded and loads them with one call,
 * as soon as each of the others has been found, has joined a load under way, or waits for another process.
 */
export class LoadBatch<R> implements Source<R> {
  readonly policy: Policy
  readonly gathers = true
  readonly #options: LoadBatchOptions<R>
  readonly #undecided: Set<string>
  #asked: Asked<R>[] = []
  #scheduled = false

  constructor(ids: readonly string[], options: LoadBatchOptions<R>) {
    this.policy = options.policy
    this.#options = options
    this.#undecided = new Set(ids)
  }

  load(id: string, context: LoadContext): Promise<R> {
    return new Promise((resolve, reject) => {
      this.#asked.push({ id, context, resolve, reject })
      this.leave(id)
    })
  }

  leave(id: string): void {
    this.#undecided.delete(id)
    if (this.#undecided.size > 0 || this.#asked.length === 0 || this.#scheduled) return
    this.#scheduled = true
    queueMicrotask(this.#flush)
  }

  readonly #flush = (): void => {
    this.#scheduled = false
    const asked = this.#asked
    this.#asked = []
    void this.#loadAll(asked)
  }

  async #loadAll(asked: readonly Asked<R>[]): Promise<void> {
    const { loadMany, context, policy } = this.#options
    const { name, bulkhead, timings, deadlines } = context
    const reason = asked.some((one) => one.context.reason === 'miss') ? 'miss' : 'expired'
    const set: LoadManyContext['set'] = (id, options) => asked.find((one) => one.id === id)?.context.set(options)
    const ids = asked.map(({ id }) => id)
    try {
      if (!(await bulkhead.enter())) throw shedError(context)
      const abort = new LazyAbort()
      const run = (): Promise<ReadonlyMap<string, R>> => timedLoad(() => loadMany(ids, { signal: abort.signal, reason, set }), abort, policy.loadTimeoutMs, deadlines, name)
      const values = await (context.loadSpans ? inLoadSpan(timings.attributes, reason, run, ids.length) : run()).finally(() => bulkhead.leave())
      if (!(values instanceof Map)) throw new CacheError('LOAD_MANY_INVALID', `${name}: loadMany must return a Map from id to value`, { definition: name })
      for (const { id, resolve } of asked) resolve(values.get(id) as R)
    } catch (error) {
      for (const { reject } of asked) reject(error)
    }
  }
}
