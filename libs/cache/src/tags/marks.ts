import type { Clock } from '../clock.ts'
import { type Changes, noChanges } from '../redis/changes.ts'
import type { MarkKind, SharedTier } from '../redis/shared-tier.ts'

/** Most tags whose marks are kept; one that is needed again is read from Redis again. */
const MAX_KNOWN_TAGS = 50_000

/** Raised whenever copies that were found valid have to be looked at again. */
export interface Guard {
  version: number
}

/** When a tag or a namespace was last invalidated, as far as this process knows. It only ever grows. */
export class Mark {
  /** In Redis's microseconds; 0 for never. No earlier than the origin: what was invalidated before that, nobody knows. */
  hardUs = 0
  softUs = 0
  /** When this process invalidated it last, in the order of its own events. */
  hardOrder: number
  softOrder: number
  /** When a message about it came last, in the same order. */
  heardOrder: number
  /** When Redis was last asked; wall-clock milliseconds. */
  askedAt = Number.NEGATIVE_INFINITY
  /** Epoch of the channel in which Redis was asked; -1 when a change came since. */
  epoch = -1
  /** From a hard invalidation by this process of which Redis's time is not known, until one is known that is later than this: `hardUs` before it. */
  unconfirmedSinceUs: number | undefined

  /**
   * @param order - what was loaded before it may have missed an invalidation that was forgotten.
   * @param heardOrder - what was loaded before it may have missed a message.
   */
  constructor(order = 0, heardOrder = 0) {
    this.hardOrder = order
    this.softOrder = order
    this.heardOrder = heardOrder
  }
}

/** The marks of one cache: of its namespaces and of the tags that it meets. */
export class Marks {
  /** Of copies without tags. */
  readonly untagged: Guard = { version: 0 }
  /** Of copies with tags. */
  readonly tagged: Guard = { version: 0 }
  readonly #shared: SharedTier | undefined
  readonly #changes: Changes
  readonly #clock: Clock
  readonly #clears = new Map<string, Mark>()
  /** The last one used is last. Not an lru-cache, which sets aside its room at once: more than 1 MB for a cache with one tag. */
  readonly #tags = new Map<string, Mark>()
  /** Questions under way, by key. */
  readonly #asking = new Map<string, { readonly askedAt: number; readonly answered: Promise<void> }>()
  #order = 0
  /** The last event about any tag that was forgotten. */
  #forgotten = 0
  /** The last message about any tag that was not known. */
  #heard = 0

  constructor(shared: SharedTier | undefined, clock: Clock) {
    this.#shared = shared
    this.#changes = shared?.changes ?? noChanges
    this.#clock = clock
  }

  /** Place of the last event in this process. */
  get order(): number {
    return this.#order
  }

  /** The mark of a namespace; the same object each time. */
  clearOf(key: string): Mark {
    let mark = this.#clears.get(key)
    if (mark === undefined) this.#clears.set(key, (mark = new Mark()))
    return mark
  }

  /** The mark of a tag, as far as it is known. */
  tagOf(key: string): Mark {
    const known = this.#tags.get(key)
    if (known !== undefined) this.#tags.delete(key)
    else if (this.#tags.size >= MAX_KNOWN_TAGS) this.#forgetOldest()
    const mark = known ?? new Mark(this.#forgotten, this.#heard)
    this.#tags.set(key, mark)
    return mark
  }

  /** Whether a mark says what Redis says, or said at `since` or later; `Infinity` asks nothing of a mark while changes are not heard. */
  isCurrent(mark: Mark, since: number): boolean {
    return mark.askedAt >= since || (this.#changes.live ? mark.epoch === this.#changes.epoch : since === Number.POSITIVE_INFINITY)
  }

  /** The invalidation that has not reached Redis yet, if there is one. */
  pending(key: string): MarkKind | undefined {
    return this.#shared?.pendingMark(key)
  }

  /** Reads a mark from Redis. Resolves when it has been read, or cannot be. */
  ask(key: string, mark: Mark, since: number): Promise<void> {
    const shared = this.#shared
    if (shared === undefined) return Promise.resolve()
    const running = this.#asking.get(key)
    if (running !== undefined && running.askedAt >= since) return running.answered
    const askedAt = this.#clock.exactNow()
    const { epoch } = this.#changes
    const answered = new Promise<void>((resolve) => {
      shared.readMark(key, (read) => {
        const undisturbed = this.#asking.get(key) === asking
        if (undisturbed) this.#asking.delete(key)
        if (read !== undefined) {
          mark.hardUs = Math.max(mark.hardUs, read.hardUs, read.originUs)
          mark.softUs = Math.max(mark.softUs, read.softUs)
          if (mark.unconfirmedSinceUs !== undefined && read.hardUs > mark.unconfirmedSinceUs) mark.unconfirmedSinceUs = undefined
          if (undisturbed && shared.pendingMark(key) === undefined) {
            // It had landed, and Redis has lost it since: what was read from Redis before that would pass for newer.
            if (mark.unconfirmedSinceUs !== undefined) return resolve(this.#setAgain(key, mark))
            mark.askedAt = askedAt
            mark.epoch = epoch
          }
        }
        resolve()
      })
    })
    const asking = { askedAt, answered }
    this.#asking.set(key, asking)
    return answered
  }

  /** Invalidates now what was loaded before. @throws CacheError `INVALIDATION_QUEUE_FULL`. */
  async invalidate(key: string, mark: Mark, kind: MarkKind): Promise<'deleted' | 'queued' | 'local'> {
    this.#raise(key, mark, kind)
    if (this.#shared === undefined) return 'local'
    const beforeUs = mark.hardUs
    try {
      const atUs = await this.#shared.mark(key, kind)
      if (atUs === undefined) {
        if (kind === 'hard') mark.unconfirmedSinceUs = beforeUs
        return 'queued'
      }
      if (kind === 'hard') {
        mark.hardUs = Math.max(mark.hardUs, atUs)
        mark.unconfirmedSinceUs = undefined
      } else mark.softUs = Math.max(mark.softUs, atUs)
      return 'deleted'
    } finally {
      // What was asked before the mark stood in Redis does not know of it.
      this.changed(key)
      this.#raise(key, mark, kind)
    }
  }

  /** Somebody, perhaps this process, changed a mark in Redis. */
  changed(key: string): void {
    this.#asking.delete(key)
    const mark = this.#clears.get(key) ?? this.#tags.get(key)
    const order = ++this.#order
    // Of a tag that nobody here has met: a value that is being loaded, or was kept without asking Redis, may have it all the same.
    if (mark === undefined) {
      this.#heard = order
      return this.#bump(false)
    }
    mark.heardOrder = order
    mark.epoch = -1
    mark.askedAt = Number.NEGATIVE_INFINITY
    this.#bump(this.#clears.has(key))
  }

  /** Any mark may have changed. */
  allChanged(): void {
    this.#asking.clear()
    for (const marks of [this.#clears, this.#tags]) {
      for (const mark of marks.values()) {
        mark.epoch = -1
        mark.askedAt = Number.NEGATIVE_INFINITY
      }
    }
    this.#bump(true)
  }

  async #setAgain(key: string, mark: Mark): Promise<void> {
    try {
      await this.invalidate(key, mark, 'hard')
    } catch {
      // The queue is full: it stays unconfirmed, and what has the mark is not returned.
    }
  }

  #raise(key: string, mark: Mark, kind: MarkKind): void {
    const order = ++this.#order
    if (kind === 'hard') mark.hardOrder = order
    else mark.softOrder = order
    this.#bump(this.#clears.has(key))
  }

  #bump(untaggedToo: boolean): void {
    this.tagged.version++
    if (untaggedToo) this.untagged.version++
  }

  /** What relied on the mark that was not used for longest has to be looked at again. */
  #forgetOldest(): void {
    for (const [key, { hardOrder, softOrder, heardOrder }] of this.#tags) {
      this.#tags.delete(key)
      this.#heard = Math.max(this.#heard, heardOrder)
      this.#forgotten = Math.max(this.#forgotten, hardOrder, softOrder)
      this.#bump(false)
      return
    }
  }
}
