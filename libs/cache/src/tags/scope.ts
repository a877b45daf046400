import type { Entry } from '../entry/entry.ts'
import type { Guard, Mark, Marks } from './marks.ts'

/** What the marks say of an entry. `soft`: stale. `hard`: must not be returned. `unknown`: Redis has to be asked. */
export type Verdict = 'valid' | 'soft' | 'hard' | 'unknown'

/** A moment in the life of this process: what happened later may concern what began then. */
export interface Moment {
  readonly order: number
  readonly untagged: number
  readonly tagged: number
}

/** What a local copy needs to know whether it was invalidated since. */
export interface Standing {
  readonly guard: Guard
  /** Version of the guard when it was found valid. */
  readonly checked: number
  /** When its load began. */
  readonly order: number
  readonly stale: boolean
}

/** A local copy: it was valid when it was kept, so what counts is what was heard since, or the time for which copies are relied on unheard. */
const ANYTIME = Number.POSITIVE_INFINITY
/** After all events: what comes from Redis is judged by its stamp alone. */
const LATEST = Number.POSITIVE_INFINITY

/** Whether the key of a mark is that of a namespace, not of a tag: a path has no colon. */
export function isNamespace(key: string): boolean {
  return !key.includes(':')
}

/** What was found about an entry from Redis. */
export interface Decision {
  readonly verdict: Verdict
  readonly standing: Standing
}

type Judged = Pick<Entry<unknown>, 'value' | 'stampUs' | 'tags'>

/** One namespace: its marks and those of the namespaces it lies in decide over its entries. */
export class Scope {
  /** Names from the outermost inwards, joined by `/`; empty for the cache itself. */
  readonly path: string
  readonly #marks: Marks
  readonly #clears: readonly { readonly key: string; readonly mark: Mark }[]
  #moment: Moment = { order: -1, untagged: -1, tagged: -1 }
  /** Of the last moment. */
  #validUntagged: Decision | undefined

  constructor(marks: Marks, path: string) {
    this.path = path
    this.#marks = marks
    const names = path === '' ? [] : path.split('/')
    this.#clears = Array.from({ length: names.length + 1 }, (_, depth) => names.slice(0, depth).join('/')).map((key) => ({ key, mark: marks.clearOf(key) }))
  }

  /** Raised by each change of any mark that is known. */
  get version(): number {
    return this.#marks.tagged.version
  }

  /** Most moments are the last one again: nothing was invalidated since. */
  now(): Moment {
    const { order, untagged, tagged } = this.#marks
    const last = this.#moment
    if (last.order === order && last.untagged === untagged.version && last.tagged === tagged.version) return last
    this.#moment = { order, untagged: untagged.version, tagged: tagged.version }
    this.#validUntagged = undefined
    return this.#moment
  }

  /** For a copy that was valid, or stale, at `moment`. */
  standing({ tags }: Pick<Judged, 'tags'>, moment: Moment, stale: boolean): Standing {
    return tags === undefined
      ? { guard: this.#marks.untagged, checked: moment.untagged, order: moment.order, stale }
      : { guard: this.#marks.tagged, checked: moment.tagged, order: moment.order, stale }
  }

  /** Sees to it that the marks of the namespace are read with the next batch, when they are not known. */
  prepare(since: number): void {
    for (const { key, mark } of this.#clears) if (!this.#marks.isCurrent(mark, since)) void this.#marks.ask(key, mark, since)
  }

  /**
   * What is known about a local copy.
   *
   * @param order - when it was loaded or read, in the order of this process's events.
   */
  judgeCopy(entry: Judged, order: number): Verdict {
    return this.#judge(entry, ANYTIME, order)
  }

  /** What is known about an entry that was loaded or written by this process from `moment` on. */
  verdictSince(entry: Judged, moment: Moment): Verdict {
    return this.version === moment.tagged ? 'valid' : this.judgeCopy(entry, moment.order)
  }

  /** The verdict on an entry from Redis, and when it was reached, after reading the marks that are not known; `unknown` when Redis does not answer. */
  async decide(entry: Judged, since: number): Promise<Decision> {
    // Twice, because a change may come while they are read.
    for (let attempt = 0; attempt < 2; attempt++) {
      const decision = this.decideNow(entry, since)
      if (decision.verdict !== 'unknown') return decision
      await this.#learn(entry, since)
    }
    const decision = this.decideNow(entry, since)
    // What this process invalidated it does not return, not even when it cannot learn whether the entry is newer.
    return decision.verdict === 'unknown' && this.#marksOf(entry).some(({ mark }) => mark.unconfirmedSinceUs !== undefined) ? { ...decision, verdict: 'hard' } : decision
  }

  /** The same from what is known already. */
  decideNow(entry: Judged, since: number): Decision {
    const verdict = this.#judge(entry, since, LATEST)
    const now = this.now()
    if (verdict !== 'valid' || entry.tags !== undefined) return { verdict, standing: this.standing(entry, now, verdict !== 'valid') }
    this.#validUntagged ??= { verdict, standing: this.standing(entry, now, false) }
    return this.#validUntagged
  }

  /** @throws CacheError `INVALIDATION_QUEUE_FULL`. */
  invalidateTag(tag: string, soft: boolean): Promise<'deleted' | 'queued' | 'local'> {
    const key = this.#tagKey(tag)
    return this.#marks.invalidate(key, this.#marks.tagOf(key), soft ? 'soft' : 'hard')
  }

  /** @throws CacheError `INVALIDATION_QUEUE_FULL`. */
  clear(soft: boolean): Promise<'deleted' | 'queued' | 'local'> {
    const { key, mark } = this.#clears.at(-1)!
    return this.#marks.invalidate(key, mark, soft ? 'soft' : 'hard')
  }

  #tagKey(tag: string): string {
    return `${this.path}:${tag}`
  }

  #judge(entry: Judged, since: number, order: number): Verdict {
    let verdict: Verdict = 'valid'
    for (const { key, mark } of this.#clears) verdict = worse(verdict, this.#judgeBy(key, mark, entry.stampUs, since, order))
    for (const tag of entry.tags ?? []) {
      if (verdict === 'hard') return verdict
      const key = this.#tagKey(tag)
      verdict = worse(verdict, this.#judgeBy(key, this.#marks.tagOf(key), entry.stampUs, since, order))
    }
    // An absence is never stale.
    return verdict === 'soft' && entry.value === null ? 'hard' : verdict
  }

  #judgeBy(key: string, mark: Mark, stampUs: number, since: number, order: number): Verdict {
    if (order < mark.hardOrder) return 'hard'
    const inOrder = order < mark.softOrder ? 'soft' : 'valid'
    // Without a stamp it cannot be compared: every change that was heard of counts.
    if (stampUs === 0) return order < mark.heardOrder ? 'hard' : inOrder
    const pending = this.#marks.pending(key)
    if (pending === 'hard' || stampUs <= mark.hardUs) return 'hard'
    if (!this.#marks.isCurrent(mark, since)) return 'unknown'
    return pending === 'soft' || stampUs <= mark.softUs ? 'soft' : inOrder
  }

  #marksOf({ tags }: Judged): readonly { readonly key: string; readonly mark: Mark }[] {
    return [...this.#clears, ...(tags ?? []).map((tag) => this.#tagKey(tag)).map((key) => ({ key, mark: this.#marks.tagOf(key) }))]
  }

  async #learn(entry: Judged, since: number): Promise<void> {
    await Promise.all(this.#marksOf(entry).filter(({ mark }) => !this.#marks.isCurrent(mark, since)).map(({ key, mark }) => this.#marks.ask(key, mark, since)))
  }
}

const SEVERITY = { valid: 0, soft: 1, unknown: 2, hard: 3 } as const

function worse(a: Verdict, b: Verdict): Verdict {
  return SEVERITY[b] > SEVERITY[a] ? b : a
}
