import { CacheError } from '../errors.ts'

/** What an invalidation does: declares an entry stale or removes it, or sets the mark of a tag or namespace. */
export type InvalidationKind = 'expire' | 'remove' | 'mark-soft' | 'mark-hard'

/** An invalidation that has not reached Redis. Compared by identity: a later one for the same target is another one. */
export interface QueuedInvalidation {
  readonly kind: InvalidationKind
  /** Without the prefix that tells entries from marks. */
  readonly key: string
  /** From then on the old entry is gone from Redis by itself; wall-clock milliseconds. */
  readonly expiresAt: number
}

/** Invalidations that wait for Redis, one for each target, the harder one. What is here is not believed when Redis says it. */
export class InvalidationQueue {
  readonly #byTarget = new Map<string, QueuedInvalidation>()
  readonly #maxQueued: number

  constructor(maxQueued: number) {
    this.#maxQueued = maxQueued
  }

  get size(): number {
    return this.#byTarget.size
  }

  entry(key: string): QueuedInvalidation | undefined {
    return this.#byTarget.size === 0 ? undefined : this.#byTarget.get(`entry ${key}`)
  }

  mark(key: string): QueuedInvalidation | undefined {
    return this.#byTarget.size === 0 ? undefined : this.#byTarget.get(`mark ${key}`)
  }

  /** @throws {@link CacheError} `INVALIDATION_QUEUE_FULL`. */
  add(kind: InvalidationKind, key: string, expiresAt: number): void {
    const target = targetOf(kind, key)
    const before = this.#byTarget.get(target)
    if (before === undefined && this.#byTarget.size >= this.#maxQueued) {
      throw new CacheError('INVALIDATION_QUEUE_FULL', `Redis is unavailable and ${this.#maxQueued} invalidations wait for it already; the local copies are gone, what is in Redis is not: invalidate again later`)
    }
    this.#byTarget.set(target, { kind: before === undefined ? kind : harder(before.kind, kind), key, expiresAt: Math.max(expiresAt, before?.expiresAt ?? 0) })
  }

  /** Takes out one that has landed, unless a later one for the same target has taken its place. */
  remove(landed: QueuedInvalidation): void {
    const target = targetOf(landed.kind, landed.key)
    if (this.#byTarget.get(target) === landed) this.#byTarget.delete(target)
  }

  /** Forgets what has expired and returns up to `count` of the rest, oldest first. */
  next(count: number, now: number): QueuedInvalidation[] {
    const due: QueuedInvalidation[] = []
    for (const [target, queued] of this.#byTarget) {
      if (queued.expiresAt <= now) this.#byTarget.delete(target)
      else if (due.push(queued) === count) break
    }
    return due
  }
}

function targetOf(kind: InvalidationKind, key: string): string {
  return kind === 'remove' || kind === 'expire' ? `entry ${key}` : `mark ${key}`
}

function harder(a: InvalidationKind, b: InvalidationKind): InvalidationKind {
  return b === 'remove' || b === 'mark-hard' ? b : a
}
