import { CacheError } from '../errors.ts'

/** An invalidation that has not reached Redis. Compared by identity: a later one for the same key is another one. */
export interface QueuedInvalidation {
  readonly key: string
  /** From then on the old entry is gone from Redis by itself; wall-clock milliseconds. */
  readonly expiresAt: number
}

/** Invalidations that wait for Redis, one for each key. While a key is here, Redis is not asked about it. */
export class InvalidationQueue {
  readonly #byKey = new Map<string, QueuedInvalidation>()
  readonly #maxKeys: number

  constructor(maxKeys: number) {
    this.#maxKeys = maxKeys
  }

  get size(): number {
    return this.#byKey.size
  }

  get(key: string): QueuedInvalidation | undefined {
    return this.#byKey.size === 0 ? undefined : this.#byKey.get(key)
  }

  /** @throws {@link CacheError} `INVALIDATION_QUEUE_FULL`. */
  add(key: string, expiresAt: number): void {
    const before = this.#byKey.get(key)
    if (before === undefined && this.#byKey.size >= this.#maxKeys) {
      throw new CacheError('INVALIDATION_QUEUE_FULL', `Redis is unavailable and ${this.#maxKeys} invalidations wait for it already; the local copy is gone, the entry in Redis is not: invalidate again later`)
    }
    this.#byKey.set(key, { key, expiresAt: Math.max(expiresAt, before?.expiresAt ?? 0) })
  }

  /** Takes out one that has landed, unless a later one for the same key has taken its place. */
  remove(landed: QueuedInvalidation): void {
    if (this.#byKey.get(landed.key) === landed) this.#byKey.delete(landed.key)
  }

  /** Forgets what has expired and returns up to `count` of the rest, oldest first. */
  next(count: number, now: number): QueuedInvalidation[] {
    const due: QueuedInvalidation[] = []
    for (const queued of this.#byKey.values()) {
      if (queued.expiresAt <= now) this.#byKey.delete(queued.key)
      else if (due.push(queued) === count) break
    }
    return due
  }
}
