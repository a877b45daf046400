import { LRUCache } from 'lru-cache'
import type { Entry } from '../entry/entry.ts'

/** An entry in this process. */
export interface LocalEntry<R> extends Entry<R> {
  /** Resolved with the value by the first hit, so that the later ones allocate nothing; see {@link promiseOf}. */
  promise: Promise<R> | undefined
  /** Until then it is a hit: the earlier of `softAt` and `trustedUntil`. */
  readonly freshUntil: number
  /** Until then this process may rely on the copy without asking Redis; `Infinity` without Redis. */
  readonly trustedUntil: number
  /** No refresh is started before this time. */
  retryAt: number
}

/** The value of an entry as the promise that all hits share. */
export function promiseOf<R>(entry: LocalEntry<R>): Promise<R> {
  entry.promise ??= Promise.resolve(entry.value)
  return entry.promise
}

/** The entries of one definition in this process: lru-cache as storage only, expiry is ours. */
export class LocalTier<R> {
  readonly #entries: LRUCache<string, LocalEntry<R>>
  readonly #trustMs: number

  /** @param trustMs - how long a copy is used before Redis is asked again; `Infinity` without Redis. */
  constructor(maxItems: number, trustMs: number) {
    this.#entries = new LRUCache({ max: maxItems })
    this.#trustMs = trustMs
  }

  get size(): number {
    return this.#entries.size
  }

  get(id: string): LocalEntry<R> | undefined {
    return this.#entries.get(id)
  }

  /** @param asOf - when the entry was certainly not outdated: trust in the copy counts from there. */
  set(id: string, entry: Entry<R>, asOf: number): LocalEntry<R> {
    const trustedUntil = asOf + this.#trustMs
    const before = this.#entries.peek(id)
    const local: LocalEntry<R> = {
      value: entry.value,
      softAt: entry.softAt,
      hardAt: entry.hardAt,
      deltaMs: entry.deltaMs,
      version: entry.version,
      promise: undefined,
      freshUntil: Math.min(entry.softAt, trustedUntil),
      trustedUntil,
      // The same stale entry read from Redis again keeps its throttle.
      retryAt: before !== undefined && before.softAt === entry.softAt ? before.retryAt : 0,
    }
    this.#entries.set(id, local)
    return local
  }

  delete(id: string): void {
    this.#entries.delete(id)
  }
}
