import type { Lifetime } from '../policy.ts'

/** Weight of the latest load in the cost of a key. */
const COST_WEIGHT = 0.3

/** A value and how long it may be used. Times are wall-clock milliseconds, counted from the **start** of the load that produced it. */
export interface Entry<R> {
  /** `null` is a cached absence. */
  readonly value: R
  /** Fresh before this time. */
  readonly softAt: number
  /** Never returned from this time on. */
  readonly hardAt: number
  /** How long loads of this key take, in milliseconds, smoothed: the cost of this value. 0 when it is not known. */
  readonly deltaMs: number
  /** The writer's version of the value; 0 when none was given. */
  readonly version: number
  /** How long it is fresh in all, in milliseconds, jitter aside. */
  readonly softTtlMs: number
  /** Redis's time in microseconds at the start of the load; 0 when Redis was not asked, and then it is not in Redis either. Compared with the marks of tags and namespaces. */
  readonly stampUs: number
  /** `undefined` for none. */
  readonly tags: readonly string[] | undefined
  /** Declared stale in Redis before its soft expiry. */
  readonly expired: boolean
}

/**
 * An {@link Entry} as it is made for each load and each reading. Of a class, as all that is made for each call and refers to more: what is written down as a literal,
 * V8 makes among what is old from then on once it has seen many that were under way at once survive a collection, and all that they refer to is garbage that stays.
 */
export class NewEntry<R> implements Entry<R> {
  readonly value: R
  readonly softAt: number
  readonly hardAt: number
  readonly deltaMs: number
  readonly version: number
  readonly softTtlMs: number
  readonly stampUs: number
  readonly tags: readonly string[] | undefined
  readonly expired: boolean

  constructor(value: R, softAt: number, hardAt: number, deltaMs: number, version: number, softTtlMs: number, stampUs: number, tags: readonly string[] | undefined, expired: boolean) {
    this.value = value
    this.softAt = softAt
    this.hardAt = hardAt
    this.deltaMs = deltaMs
    this.version = version
    this.softTtlMs = softTtlMs
    this.stampUs = stampUs
    this.tags = tags
    this.expired = expired
  }
}

/** What a new entry carries beside its value and its lifetime. */
export interface EntryStamps {
  readonly deltaMs: number
  readonly version?: number
  readonly stampUs?: number
  readonly tags?: readonly string[] | undefined
}

/** The cost of a key after a load that took `tookMs`. */
export function smoothedCost(beforeMs: number, tookMs: number): number {
  return Math.max(0, Math.round(beforeMs === 0 ? tookMs : beforeMs + COST_WEIGHT * (tookMs - beforeMs)))
}

/**
 * The entry for a value that was just loaded or written.
 *
 * Its lifetime counts from `startedAt`, not from the end of the load: what changed in the source meanwhile may not be in the value.
 * An absence is never kept as stale. Jitter shortens the soft lifetime.
 */
export function entryOf<R>(value: R, { softTtlMs, hardTtlMs }: Lifetime, jitter: number, startedAt: number, random: () => number, { deltaMs, version = 0, stampUs = 0, tags }: EntryStamps): Entry<R> {
  const softAt = startedAt + softTtlMs * (1 - jitter * random())
  return new NewEntry(value, softAt, value === null ? softAt : startedAt + hardTtlMs, deltaMs, version, softTtlMs, stampUs, tags, false)
}
