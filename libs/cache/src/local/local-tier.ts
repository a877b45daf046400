import { LRUCache } from 'lru-cache'
import type { Entry } from '../entry/entry.ts'
import { earlyWindowMs } from '../entry/early-refresh.ts'
import type { Policy } from '../policy.ts'
import type { Changes } from '../redis/changes.ts'

type EarlyPolicy = Pick<Policy, 'beta' | 'softTtlMs'>

/** An entry in this process. */
export interface LocalEntry<R> extends Entry<R> {
  /** Resolved with the value by the first hit, so that the later ones allocate nothing; see {@link promiseOf}. */
  promise: Promise<R> | undefined
  /** Until then it is a hit that needs no further thought: the earlier of `trustedUntil` and the time from which it may be refreshed early. */
  readonly freshUntil: number
  /** Until then this process may rely on the copy without asking Redis; `Infinity` without Redis. */
  readonly trustedUntil: number
  /** Of the channel when it was kept: a copy from another epoch is not relied on. */
  readonly epoch: number
  /** Stored in Redis by this process, which has not heard of it yet. */
  own: boolean
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
  readonly #changes: Changes

  /**
   * @param trustMs - how long a copy is used before Redis is asked again, while changes are not heard; `Infinity` without Redis.
   * @param changes - whether changes are heard.
   */
  constructor(maxItems: number, trustMs: number, changes: Changes) {
    this.#entries = new LRUCache({ max: maxItems })
    this.#trustMs = trustMs
    this.#changes = changes
  }

  get size(): number {
    return this.#entries.size
  }

  get limit(): number {
    return this.#entries.max
  }

  get(id: string): LocalEntry<R> | undefined {
    return this.#entries.get(id)
  }

  /**
   * Keeps what Redis had.
   *
   * @param epoch - of the channel when Redis was asked; `undefined` when a change came in between.
   * @param policy - by which it may be refreshed early.
   */
  keepRead(id: string, entry: Entry<R>, askedAt: number, epoch: number | undefined, policy: EarlyPolicy): LocalEntry<R> {
    if (!this.#changes.live) return this.#set(id, entry, askedAt + this.#trustMs, false, policy)
    if (epoch === undefined) return this.#set(id, entry, 0, false, policy)
    return this.#set(id, entry, epoch === this.#changes.epoch ? Number.POSITIVE_INFINITY : askedAt + this.#trustMs, false, policy)
  }

  /**
   * Keeps what this process stored in Redis. While changes are heard it is not relied on before Redis has been read once:
   * the message about our own change may be about somebody else's as well.
   */
  keepOwn(id: string, entry: Entry<R>, at: number, policy: EarlyPolicy): LocalEntry<R> {
    return this.#set(id, entry, this.#changes.live ? 0 : at + this.#trustMs, true, policy)
  }

  /** Keeps what is not in Redis, so that no message will ever tell of its change. */
  keepAlone(id: string, entry: Entry<R>, at: number, policy: EarlyPolicy): LocalEntry<R> {
    return this.#set(id, entry, at + this.#trustMs, false, policy)
  }

  /** Somebody changed the entry in Redis. A copy that this process has just stored waits for its next reading; any other is gone. */
  changed(id: string): void {
    const entry = this.#entries.peek(id)
    if (entry === undefined) return
    if (entry.own) entry.own = false
    else this.#entries.delete(id)
  }

  delete(id: string): void {
    this.#entries.delete(id)
  }

  clear(): void {
    this.#entries.clear()
  }

  #set(id: string, entry: Entry<R>, trustedUntil: number, own: boolean, policy: EarlyPolicy): LocalEntry<R> {
    const before = this.#entries.peek(id)
    const local: LocalEntry<R> = {
      value: entry.value,
      softAt: entry.softAt,
      hardAt: entry.hardAt,
      deltaMs: entry.deltaMs,
      version: entry.version,
      promise: undefined,
      freshUntil: Math.min(entry.softAt - earlyWindowMs(entry, policy), trustedUntil),
      trustedUntil,
      epoch: this.#changes.epoch,
      own,
      // The same stale entry read from Redis again keeps its throttle.
      retryAt: before !== undefined && before.softAt === entry.softAt ? before.retryAt : 0,
    }
    this.#entries.set(id, local)
    return local
  }
}
