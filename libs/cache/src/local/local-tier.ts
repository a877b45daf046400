import { LRUCache } from 'lru-cache'
import type { Entry } from '../entry/entry.ts'
import { earlyWindowMs } from '../entry/early-refresh.ts'
import type { Policy } from '../policy.ts'
import type { Changes } from '../redis/changes.ts'
import type { Guard } from '../tags/marks.ts'
import type { Standing } from '../tags/scope.ts'

type EarlyPolicy = Pick<Policy, 'beta'>

/** Bounds of a {@link LocalTier}. */
export interface LocalLimits {
  /** Most entries; the least recently used goes first. */
  readonly maxItems: number
}

/** An entry in this process. */
export interface LocalEntry<R> extends Entry<R> {
  /** Resolved with the value by the first hit, so that the later ones allocate nothing; see {@link promiseOf}. */
  promise: Promise<R> | undefined
  /** Until then it is a hit that needs no further thought: the earlier of `trustedUntil` and the time from which it may be refreshed early. */
  freshUntil: number
  /** Until then this process may rely on the copy without asking Redis; `Infinity` without Redis. */
  readonly trustedUntil: number
  /** Of the channel when it was kept: a copy from another epoch is not relied on. */
  readonly epoch: number
  /** Tells of tags and namespaces that were invalidated. */
  readonly guard: Guard
  /** Version of the guard when the copy was last found valid. */
  checked: number
  /** When its load began, in the order of this process's events. */
  readonly order: number
  /** Fresh before this time: its soft expiry, or 0 when it was declared stale. */
  staleAt: number
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

/** From now on the copy is stale. */
export function declareStale(entry: LocalEntry<unknown>): void {
  entry.staleAt = 0
  entry.freshUntil = 0
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
  constructor({ maxItems }: LocalLimits, trustMs: number, changes: Changes) {
    this.#entries = new LRUCache({ max: maxItems })
    this.#trustMs = trustMs
    this.#changes = changes
  }

  get size(): number {
    return this.#entries.size
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
  keepRead(id: string, entry: Entry<R>, askedAt: number, epoch: number | undefined, standing: Standing, policy: EarlyPolicy): LocalEntry<R> {
    if (!this.#changes.live) return this.#set(id, entry, askedAt + this.#trustMs, false, standing, policy)
    if (epoch === undefined) return this.#set(id, entry, 0, false, standing, policy)
    return this.#set(id, entry, epoch === this.#changes.epoch && this.#changes.complete ? Number.POSITIVE_INFINITY : askedAt + this.#trustMs, false, standing, policy)
  }

  /**
   * Keeps what this process stored in Redis. While changes are heard it is not relied on before Redis has been read once:
   * the message about our own change may be about somebody else's as well.
   */
  keepOwn(id: string, entry: Entry<R>, at: number, standing: Standing, policy: EarlyPolicy): LocalEntry<R> {
    return this.#set(id, entry, this.#changes.live ? 0 : at + this.#trustMs, true, standing, policy)
  }

  /** Keeps what is not in Redis, so that no message will ever tell of its change. */
  keepAlone(id: string, entry: Entry<R>, at: number, standing: Standing, policy: EarlyPolicy): LocalEntry<R> {
    return this.#set(id, entry, at + this.#trustMs, false, standing, policy)
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

  #set(id: string, entry: Entry<R>, trustedUntil: number, own: boolean, standing: Standing, policy: EarlyPolicy): LocalEntry<R> {
    const stale = standing.stale || entry.expired
    const before = this.#entries.peek(id)
    const local: LocalEntry<R> = {
      value: entry.value,
      softAt: entry.softAt,
      hardAt: entry.hardAt,
      deltaMs: entry.deltaMs,
      version: entry.version,
      softTtlMs: entry.softTtlMs,
      stampUs: entry.stampUs,
      tags: entry.tags,
      expired: entry.expired,
      promise: undefined,
      freshUntil: stale ? 0 : Math.min(entry.softAt - earlyWindowMs(entry, policy.beta), trustedUntil),
      trustedUntil,
      epoch: this.#changes.epoch,
      guard: standing.guard,
      checked: standing.checked,
      order: standing.order,
      staleAt: stale ? 0 : entry.softAt,
      own,
      // The same stale entry read from Redis again keeps its throttle.
      retryAt: before !== undefined && before.softAt === entry.softAt && before.expired === entry.expired ? before.retryAt : 0,
    }
    this.#entries.set(id, local)
    return local
  }
}
