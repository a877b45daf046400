import { physicalTtlMs } from '../entry/idle-expiry.ts'
import type { CacheError } from '../errors.ts'
import type { Policy } from '../policy.ts'
import { nextToken } from '../redis/token.ts'
import { encodeOrReport } from './loader.ts'
import type { RegionContext } from './region-context.ts'
import { newEntry } from './new-entry.ts'
import type { Region } from './region.ts'

/** What became of an invalidation: gone everywhere; gone here and remembered until Redis is back; or gone here, in a local-only cache. */
export type InvalidateOutcome = 'deleted' | 'queued' | 'local'

/**
 * What became of a write whose `persist` has succeeded. `stored`. `invalidated`: another write or invalidation
 * came between, or Redis was away for a moment; the key was emptied. `superseded`: a newer version is stored already. `queued`: Redis is unavailable; the old entry will be deleted when it is back.
 */
export type WriteOutcome = 'stored' | 'invalidated' | 'superseded' | 'queued'

type LongestLife = Pick<Policy, 'hardTtlMs' | 'negativeTtlMs'>

/** Changes keys of one region so that nothing older than the change is kept afterwards. */
export class Writer<R> {
  readonly #region: Region<R>
  readonly #context: RegionContext
  /** The last write begun for each id: whoever finds another one here was not alone. */
  readonly #begun = new Map<string, symbol>()

  constructor(region: Region<R>, context: RegionContext) {
    this.#region = region
    this.#context = context
  }

  /** @throws CacheError `INVALIDATION_QUEUE_FULL`. */
  async invalidate(id: string, policy: LongestLife): Promise<InvalidateOutcome> {
    const { shared } = this.#context
    this.#begin(id)
    this.#region.fence(id)
    if (shared === undefined) return 'local'
    try {
      return await shared.delete(this.#region.key(id), Math.max(policy.hardTtlMs, policy.negativeTtlMs))
    } finally {
      // Again: what began before the entry was gone from Redis may hold the old value.
      this.#region.fence(id)
    }
  }

  /** @throws CacheError `INVALIDATION_QUEUE_FULL`. */
  async expire(id: string, policy: LongestLife): Promise<InvalidateOutcome> {
    const { shared } = this.#context
    this.#begin(id)
    this.#region.expire(id)
    if (shared === undefined) return 'local'
    try {
      return await shared.expire(this.#region.key(id), Math.max(policy.hardTtlMs, policy.negativeTtlMs))
    } finally {
      this.#region.expire(id)
    }
  }

  /** A write that is under way finds that it was not alone. */
  #begin(id: string): void {
    this.#context.counters.invalidations++
    this.#begun.delete(id)
  }

  /** Source first, then the cache. When `persist` fails its outcome is unknown, so the key is invalidated and the error passed on. */
  async write(id: string, value: R, persist: () => unknown, policy: Policy, version: number): Promise<WriteOutcome> {
    const { shared, scope, clock, counters, onError } = this.#context
    const key = this.#region.key(id)
    const mine = Symbol(id)
    // Not what persist takes: that says nothing about the cost of a load.
    const costMs = this.#region.cost(id)
    const token = nextToken()
    const startedAt = clock.exactNow()
    // Before anything is changed: it throws when the value decides for what is not possible.
    const unstamped = newEntry(this.#context, policy, value, startedAt, { deltaMs: costMs, version })
    this.#begun.set(id, mine)
    const since = scope.now()
    const stampUs = await shared?.beginWrite(key, token)
    try {
      await persist()
    } catch (error) {
      await this.invalidate(id, policy).catch((failure: CacheError) => onError(failure))
      throw error
    }
    const endedAt = clock.exactNow()
    const entry = { ...unstamped, stampUs: stampUs ?? 0 }
    const alone = this.#begun.get(id) === mine
    const bytes = stampUs !== undefined && alone && value !== undefined && endedAt < entry.hardAt ? await encodeOrReport(this.#context, id, key, entry) : undefined
    if (shared !== undefined && bytes !== undefined) {
      const reply = await shared.finishWrite(key, token, bytes, physicalTtlMs(entry, endedAt, policy.idleTtlMs), version)
      // An invalidation or another write may have begun while Redis answered; then its fence has the last word.
      if (reply === 'stored' && this.#begun.get(id) === mine) {
        this.#begun.delete(id)
        this.#region.replace(id, entry, startedAt, since, policy)
        counters.writes++
        return 'stored'
      }
      if (reply === 'superseded') {
        this.#begun.delete(id)
        this.#region.fence(id)
        return 'superseded'
      }
    }
    if (shared === undefined && alone && value !== undefined) {
      this.#begun.delete(id)
      if (version > 0 && this.#region.version(id) >= version) return 'superseded'
      this.#region.replace(id, entry, startedAt, since, policy)
      counters.writes++
      return 'stored'
    }
    return (await this.invalidate(id, policy)) === 'queued' ? 'queued' : 'invalidated'
  }
}
