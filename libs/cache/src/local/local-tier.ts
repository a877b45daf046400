import { LRUCache } from 'lru-cache'
import type { Entry } from '../entry/entry.ts'
import { earlyWindowMs } from '../entry/early-refresh.ts'
import { keptIdleMs, useDueAt } from '../entry/idle-expiry.ts'
import type { Policy } from '../policy.ts'
import type { Changes } from '../redis/changes.ts'
import { deepFreeze } from './deep-freeze.ts'
import { estimateBytes } from './estimate-bytes.ts'
import type { LocalLimits } from './local-limits.ts'
import type { Guard } from '../tags/marks.ts'
import type { Standing } from '../tags/scope.ts'

type KeepPolicy = Pick<Policy, 'beta' | 'idleTtlMs'>

/** An entry in this process. */
export interface LocalEntry<R> extends Omit<Entry<R>, 'expired'> {
  /** Resolved with the value by the first hit, so that the later ones allocate nothing; see {@link promiseOf}. */
  promise: Promise<R> | undefined
  /** Until then it is a hit that needs no further thought: the earlier of `trustedUntil` and the time from which it may be refreshed early. */
  freshUntil: number
  /** As `freshUntil`, whether its use is recorded or not. */
  undisturbedUntil: number
  /** From then on the next use is recorded; `Infinity` when use does not matter. */
  useDueAt: number
  /** Gone from then on, unless its use is recorded before. */
  idleAt: number
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
  /** Declared stale in Redis. */
  expired: boolean
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

/** The copy was used: it is kept for another idle lifetime. */
export function recordUse(entry: LocalEntry<unknown>, now: number, idleTtlMs: number): void {
  entry.useDueAt = useDueAt(now, idleTtlMs)
  entry.idleAt = now + keptIdleMs(idleTtlMs)
  entry.freshUntil = Math.min(entry.undisturbedUntil, entry.useDueAt)
}

/** What an entry takes beside its key and value, in bytes: its stamps, its place in the list and the index. */
const ENTRY_BYTES = 430

/** What the local tier holds and has dropped. */
export interface LocalMemory {
  /** Bytes that the local entries take, estimated; 0 without `local.maxBytes`. */
  readonly localBytes: number
  /** Entries that gave way to others. */
  readonly evictions: number
  /** Entries that were not kept because they are larger than `local.maxBytes` alone. */
  readonly oversized: number
}

/** From now on the copy is stale. */
export function declareStale(entry: LocalEntry<unknown>): void {
  entry.staleAt = 0
  entry.freshUntil = 0
  entry.undisturbedUntil = 0
}

/** A {@link LocalEntry} as it is made for each load and each reading; for the reason see `NewEntry`. */
class Copy<R> implements LocalEntry<R> {
  readonly value: R
  readonly softAt: number
  readonly hardAt: number
  readonly deltaMs: number
  readonly version: number
  readonly softTtlMs: number
  readonly stampUs: number
  readonly tags: readonly string[] | undefined
  expired: boolean
  promise: Promise<R> | undefined = undefined
  freshUntil: number
  undisturbedUntil: number
  useDueAt = Number.POSITIVE_INFINITY
  idleAt = Number.POSITIVE_INFINITY
  readonly trustedUntil: number
  readonly epoch: number
  readonly guard: Guard
  checked: number
  readonly order: number
  staleAt: number
  own: boolean
  retryAt = 0

  constructor(value: R, entry: Entry<R>, standing: Standing, { stale, undisturbedUntil, trustedUntil, own, epoch }: Pick<LocalEntry<R>, 'undisturbedUntil' | 'trustedUntil' | 'own' | 'epoch'> & { readonly stale: boolean }) {
    this.value = value
    this.softAt = entry.softAt
    this.hardAt = entry.hardAt
    this.deltaMs = entry.deltaMs
    this.version = entry.version
    this.softTtlMs = entry.softTtlMs
    this.stampUs = entry.stampUs
    this.tags = entry.tags
    this.expired = entry.expired
    this.freshUntil = undisturbedUntil
    this.undisturbedUntil = undisturbedUntil
    this.trustedUntil = trustedUntil
    this.epoch = epoch
    this.guard = standing.guard
    this.checked = standing.checked
    this.order = standing.order
    this.staleAt = stale ? 0 : entry.softAt
    this.own = own
  }
}

/** The entries of one definition in this process: lru-cache as storage only, expiry is ours. */
export class LocalTier<R> {
  readonly #entries: LRUCache<string, LocalEntry<R>>
  readonly #absences: LRUCache<string, LocalEntry<R>>
  readonly #trustMs: number
  readonly #changes: Changes
  readonly #limits: LocalLimits
  #evictions = 0
  #oversized = 0

  /**
   * @param trustMs - how long a copy is used before Redis is asked again, while changes are not heard; `Infinity` without Redis.
   * @param changes - whether changes are heard.
   */
  constructor(limits: LocalLimits, trustMs: number, changes: Changes) {
    const { maxItems, maxNegatives, maxBytes } = limits
    this.#entries = new LRUCache<string, LocalEntry<R>>(maxBytes === undefined ? { max: maxItems } : { max: maxItems, maxSize: maxBytes })
    this.#absences = new LRUCache<string, LocalEntry<R>>({ max: maxNegatives })
    this.#limits = limits
    this.#trustMs = trustMs
    this.#changes = changes
  }

  get size(): number {
    return this.#entries.size + this.#absences.size
  }

  get memory(): LocalMemory {
    return { localBytes: this.#entries.calculatedSize, evictions: this.#evictions, oversized: this.#oversized }
  }

  get limit(): number {
    return this.#entries.max
  }

  get(id: string): LocalEntry<R> | undefined {
    return this.#entries.get(id) ?? (this.#absences.size === 0 ? undefined : this.#absences.get(id))
  }

  /** The same, and does not count as a use. */
  peek(id: string): LocalEntry<R> | undefined {
    return this.#entries.peek(id) ?? (this.#absences.size === 0 ? undefined : this.#absences.peek(id))
  }

  /**
   * Keeps what Redis had.
   *
   * @param epoch - of the channel when Redis was asked; `undefined`: no message about this key would be understood. What was asked for
   * before the channel went live is read once more: a change may have come in between, of which nobody told.
   * @param policy - by which it may be refreshed early, and ends when it is not used.
   */
  keepRead(id: string, entry: Entry<R>, askedAt: number, epoch: number | undefined, standing: Standing, policy: KeepPolicy): LocalEntry<R> {
    if (!this.#changes.live) return this.#set(id, entry, askedAt + this.#trustMs, false, standing, policy)
    if (epoch !== this.#changes.epoch) return this.#set(id, entry, 0, false, standing, policy)
    return this.#set(id, entry, this.#changes.complete ? Number.POSITIVE_INFINITY : askedAt + this.#trustMs, false, standing, policy)
  }

  /**
   * Keeps what this process stored in Redis. While changes are heard it is not relied on before Redis has been read once:
   * the message about our own change may be about somebody else's as well.
   */
  keepOwn(id: string, entry: Entry<R>, at: number, standing: Standing, policy: KeepPolicy): void {
    this.#setApart(id, entry, this.#changes.live ? 0 : at + this.#trustMs, true, standing, policy, at)
  }

  /** Keeps what is not in Redis, so that no message will ever tell of its change. */
  keepAlone(id: string, entry: Entry<R>, at: number, standing: Standing, policy: KeepPolicy): void {
    this.#setApart(id, entry, at + this.#trustMs, false, standing, policy, at)
  }

  /** Somebody changed the entry in Redis. A copy that this process has just stored waits for its next reading; any other is gone. */
  changed(id: string): void {
    const entry = this.peek(id)
    if (entry === undefined) return
    if (entry.own) entry.own = false
    else this.delete(id)
  }

  /** Declared stale in Redis: the copy is stale, and renewed by the next who asks. */
  expire(id: string): void {
    const entry = this.peek(id)
    if (entry === undefined) return
    if (entry.value === null) return this.delete(id)
    declareStale(entry)
    entry.expired = true
    entry.retryAt = 0
  }

  delete(id: string): void {
    this.#entries.delete(id)
    this.#absences.delete(id)
  }

  clear(): void {
    this.#entries.clear()
    this.#absences.clear()
  }

  /** What was just stored counts as used. What was read from Redis was used by somebody; when this process recorded that last, the copy before knows. */
  #startIdle(local: LocalEntry<R>, before: LocalEntry<R> | undefined, idleTtlMs: number, usedAt: number | undefined): void {
    if (usedAt !== undefined) return recordUse(local, usedAt, idleTtlMs)
    const known = before !== undefined && before.stampUs === local.stampUs && before.idleAt !== Number.POSITIVE_INFINITY
    local.useDueAt = known ? before.useDueAt : 0
    local.idleAt = known ? before.idleAt : Number.POSITIVE_INFINITY
    local.freshUntil = Math.min(local.undisturbedUntil, local.useDueAt)
  }

  #set(id: string, entry: Entry<R>, trustedUntil: number, own: boolean, standing: Standing, policy: KeepPolicy, usedAt?: number): LocalEntry<R> {
    const stale = standing.stale || entry.expired
    const before = this.peek(id)
    const undisturbedUntil = stale ? 0 : Math.min(entry.softAt - earlyWindowMs(entry, policy.beta), trustedUntil)
    const value = this.#limits.copies === 'frozen' ? deepFreeze(entry.value) : entry.value
    const local = new Copy(value, entry, standing, { stale, undisturbedUntil, trustedUntil, own, epoch: this.#changes.epoch })
    // The same stale entry read from Redis again keeps its throttle.
    if (before !== undefined && before.softAt === entry.softAt && before.expired === entry.expired) local.retryAt = before.retryAt
    if (policy.idleTtlMs !== Number.POSITIVE_INFINITY) this.#startIdle(local, before, policy.idleTtlMs, usedAt)
    this.#keep(id, local, before)
    return local
  }

  /** With `cloned`, keeps a value of its own: the loader, or who writes, may still hold and change theirs. One that cannot be cloned is not kept; who asks for it is told. */
  #setApart(id: string, entry: Entry<R>, trustedUntil: number, own: boolean, standing: Standing, policy: KeepPolicy, usedAt: number): void {
    if (this.#limits.copies !== 'cloned') {
      this.#set(id, entry, trustedUntil, own, standing, policy, usedAt)
      return
    }
    try {
      this.#set(id, { ...entry, value: structuredClone(entry.value) }, trustedUntil, own, standing, policy, usedAt)
    } catch {
      this.delete(id)
    }
  }

  #keep(id: string, local: LocalEntry<R>, before: LocalEntry<R> | undefined): void {
    const { maxBytes } = this.#limits
    const [tier, other] = local.value === null ? [this.#absences, this.#entries] : [this.#entries, this.#absences]
    if (other.size > 0) other.delete(id)
    const replaces = before !== undefined && (before.value === null) === (local.value === null)
    const expected = tier.size + (replaces ? 0 : 1)
    if (maxBytes === undefined || local.value === null) {
      tier.set(id, local)
    } else {
      const size = ENTRY_BYTES + 2 * id.length + estimateBytes(local.value)
      if (size > maxBytes) {
        tier.delete(id)
        this.#oversized++
        return
      }
      tier.set(id, local, { size })
    }
    this.#evictions += expected - tier.size
  }
}
