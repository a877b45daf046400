import type { ChangeListener, Changes } from './changes.ts'
import type { MarkTimes } from '../tags/mark-bytes.ts'
import type { TrackingState } from './tracking-channel.ts'

/** Answer to a request for a lease. */
export type LeaseReply =
  /** The caller may load, and fill with the token. `stampUs`: Redis's time. */
  | { readonly kind: 'granted'; readonly token: string; readonly stampUs: number }
  /** Somebody stored an entry meanwhile. */
  | { readonly kind: 'found'; readonly bytes: Buffer }
  /** Another process loads or writes this key. */
  | { readonly kind: 'held' }
  | { readonly kind: 'unavailable' }

/** Takes the answer to a read. The bytes are valid during the call only. Must not throw. */
export type ReadAnswer = (bytes: Buffer | null | undefined) => void

/** Takes the answer to a request for a lease. Must not throw. */
export type LeaseAnswer = (reply: LeaseReply) => void

/** What became of a guarded store. */
export type StoreReply = 'stored' | 'refused' | 'superseded' | 'unavailable'

/** Takes what became of a fill. Must not throw. */
export type FillAnswer = (reply: StoreReply) => void

/** What became of an invalidation: done, or remembered until Redis is back. */
export type DeleteReply = 'deleted' | 'queued'

/** What Redis says of a tag or namespace. */
export interface MarkReading extends MarkTimes {
  /** The origin, in Redis's microseconds: of invalidations before it nothing is known, because Redis has lost its data since, or had none. It was read together with the mark. */
  readonly originUs: number
}

/** Takes the answer to a reading of a mark; `undefined` when unavailable. Must not throw. */
export type MarkAnswer = (mark: MarkReading | undefined) => void

/** How an invalidation of a tag or namespace treats what was loaded before: as stale, or as gone. */
export type MarkKind = 'soft' | 'hard'

/** The state of the shared tier. */
export interface SharedTierStats {
  /** True when Redis is asked at all. */
  readonly reachable: boolean
  /** Commands that failed or timed out. */
  readonly errors: number
  /** Invalidations that wait for Redis. */
  readonly queuedInvalidations: number
  /** Whether changes by other processes are heard at once; else local copies are used for `local.maxStaleness`. */
  readonly tracking: TrackingState
  /** Times that the channel was lost. */
  readonly trackingLosses: number
  /** Changed keys that were heard of, those of this process included. */
  readonly changesHeard: number
}

/**
 * The tier that processes share. It never rejects because of Redis, and answers within the Redis timeout: `unavailable` is an answer.
 * A token proves that nobody invalidated or wrote the key since the lease was granted (Nishtala et al., "Scaling Memcache at Facebook", NSDI 2013).
 */
export interface SharedTier {
  /** Whether changes are heard, now. */
  readonly changes: Changes
  /** Names who is told of changed entries. */
  listen(listener: ChangeListener): void
  /** False when asking about this key would be in vain: Redis is away, or an invalidation of the key has not landed yet. */
  available(key: string): boolean
  /** Calls `answer` once, later, with the bytes of the entry; `null` when there is none, `undefined` when unavailable. A callback, because this is the hot path. */
  read(key: string, answer: ReadAnswer): void
  /**
   * Asks for the right to load. Calls `answer` once, later.
   *
   * @param seen - first bytes of the entry to be replaced; without it any entry is returned instead of a lease.
   */
  lease(key: string, seen: Buffer | undefined, answer: LeaseAnswer): void
  /** Makes a lease last longer. */
  renew(key: string, token: string): Promise<void>
  /** Whether somebody holds the lease of a key; `undefined` when unavailable. */
  leased(key: string): Promise<boolean | undefined>
  /** Gives a lease back unused. */
  release(key: string, token: string): Promise<void>
  /** Stores what was loaded under the lease; refused when the token is void. Calls `answer` once, later. */
  fill(key: string, token: string, bytes: Buffer, ttlMs: number, answer: FillAnswer): void
  /** Takes the key for a write, voiding every lease on it. Resolves with Redis's time in microseconds; `undefined` when unavailable. */
  beginWrite(key: string, token: string): Promise<number | undefined>
  /** Stores what was written; deletes the entry instead when another write or invalidation came between. */
  finishWrite(key: string, token: string, bytes: Buffer, ttlMs: number, version: number): Promise<StoreReply>
  /**
   * Deletes the entry and voids its lease.
   *
   * @param ttlMs - after this time the old entry is gone by itself.
   */
  delete(key: string, ttlMs: number): Promise<DeleteReply>
  /** Declares the entry stale, and voids its lease; `ttlMs` as in {@link delete}. */
  expire(key: string, ttlMs: number): Promise<DeleteReply>
  /**
   * Makes an entry that is used live longer.
   *
   * @param unlessMs - when it lives longer than this already, somebody else has just done so: then nothing is done, and nobody hears of it.
   */
  touch(key: string, ttlMs: number, unlessMs: number): Promise<void>
  /** Reads a mark. Calls `answer` once, later. */
  readMark(key: string, answer: MarkAnswer): void
  /** Sets a mark to Redis's time, which it resolves with, in microseconds; `undefined`: remembered until Redis is back. @throws CacheError `INVALIDATION_QUEUE_FULL` */
  mark(key: string, kind: MarkKind): Promise<number | undefined>
  /** What has not landed yet. */
  pendingMark(key: string): MarkKind | undefined
  stats(): SharedTierStats
  close(): Promise<void>
}
