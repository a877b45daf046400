import type { Entry } from '../entry/entry.ts'
import { CacheError } from '../errors.ts'
import type { HotKeys } from '../hot-keys.ts'
import { type HandOut, handOut } from '../local/hand-out.ts'
import type { LocalLimits } from '../local/local-limits.ts'
import { declareStale, type LocalEntry, type LocalMemory, LocalTier, promiseOf } from '../local/local-tier.ts'
import { type Changes, noChanges } from '../redis/changes.ts'
import type { LeaseReply } from '../redis/shared-tier.ts'
import type { Moment } from '../tags/scope.ts'
import type { Policy } from '../policy.ts'
import type { Source } from '../source.ts'
import { type Flight, Flights } from './flight.ts'
import { type Explanation, explain } from './explain.ts'
import { keepLoaded } from './keep-loaded.ts'
import { isShed, Loader } from './loader.ts'
import type { RegionContext } from './region-context.ts'
import { noteUse } from './note-use.ts'
import { Refresher } from './refresher.ts'
import { SharedReader } from './shared-reader.ts'
import { StaleAnswers } from './stale-answers.ts'

/** The keys of one definition: local tier, flights, Redis, loader, in this order. */
export class Region<R> {
  readonly #context: RegionContext
  readonly #loader: Loader<R>
  readonly #local: LocalTier<R>
  readonly #changes: Changes
  readonly #hotKeys: HotKeys
  readonly #reader: SharedReader<R>
  readonly #loads: Flights<R>
  readonly #refresher: Refresher<R>
  readonly #stale: StaleAnswers<R>
  /** What callers get of a value, unless they share it. */
  readonly #handOut: HandOut | undefined
  /** The same for a hit, whose value is frozen already if it must be. */
  readonly #handOutHit: HandOut | undefined
  #closed = false

  constructor(context: RegionContext, limits: LocalLimits, trustMs: number) {
    this.#context = context
    this.#hotKeys = context.hotKeys
    this.#changes = context.shared?.changes ?? noChanges
    this.#loads = new Flights(this.#changes)
    this.#loader = new Loader(context)
    this.#refresher = new Refresher(context, this.#loads, this.#loader, (id, flight, loaded, source) => keepLoaded(context, this.#local, id, flight, loaded, source))
    this.#local = new LocalTier(limits, context.shared === undefined ? Number.POSITIVE_INFINITY : trustMs, this.#changes)
    this.#stale = new StaleAnswers(context, this.#loads, this.#refresher, {
      isCurrent: (id, entry) => this.#local.get(id) === entry && this.#standing(id, entry) !== undefined,
      get: (id, source) => this.get(id, source),
    })
    this.#handOut = handOut(limits.copies, context.name)
    this.#handOutHit = limits.copies === 'cloned' ? this.#handOut : undefined
    this.#reader = new SharedReader(context, {
      local: this.#local,
      refresher: this.#refresher,
      standing: (id, entry) => this.#standing(id, entry),
      stale: this.#stale,
      load: (id, source, found, lease) => this.#load(id, source, found, lease),
    })
  }

  get size(): number {
    return this.#local.size
  }

  get memory(): LocalMemory {
    return this.#local.memory
  }

  /** Most entries in the local tier. */
  get limit(): number {
    return this.#local.limit
  }

  /** The key of an id in the shared tier, without namespace. */
  key(id: string): string {
    return `${this.#context.name}:${id}`
  }

  /** A value from wherever it is nearest. A hit allocates nothing. */
  get(id: string, source: Source<R>): Promise<R> {
    this.#hotKeys.asked(id)
    const entry = this.#local.get(id)
    if (entry !== undefined && this.#context.clock.now() < entry.freshUntil && entry.epoch === this.#changes.epoch && entry.checked === entry.guard.version && !this.#closed) {
      if (entry.value === null) this.#context.counters.localNegative++
      else this.#context.counters.localFresh++
      return this.#handOutHit === undefined ? promiseOf(entry) : promiseOf(entry).then(this.#handOutHit)
    }
    const answer = this.#getSlowly(id, entry, source)
    return this.#handOut === undefined ? answer : answer.then(this.#handOut)
  }

  /** A fresh value of the local tier, or `undefined`. */
  peek(id: string): R | undefined {
    const entry = this.#standing(id, this.#local.get(id))
    if (entry === undefined || !this.#isTrusted(entry) || this.#context.clock.now() >= entry.staleAt) return undefined
    return this.#handOutHit === undefined ? entry.value : this.#handOutHit(entry.value)
  }

  /** What there is of a key, and what {@link get} would do now; changes nothing. */
  explain(id: string): Promise<Explanation> {
    const copy = this.#local.peek(id)
    const loading = (this.#loads.get(id) ?? this.#reader.flights.get(id)) !== undefined
    return explain(this.#context, this.key(id), { copy, trusted: copy !== undefined && this.#isTrusted(copy), loading, closed: this.#closed })
  }

  /** Keeps a value that this process stored, in place of whatever was there or is under way. @param asOf - when it was certainly not outdated. */
  replace(id: string, entry: Entry<R>, asOf: number, since: Moment, policy: Policy): void {
    this.fence(id)
    if (this.#context.scope.verdictSince(entry, since) === 'hard') return
    this.#local.keepOwn(id, entry, asOf, this.#context.scope.standing(entry, since, false), policy)
  }

  /** Drops the local copy; what is under way is neither joined nor kept any more. */
  fence(id: string): void {
    this.#local.delete(id)
    this.#reader.flights.fence(id)
    this.#loads.fence(id)
  }

  /** The local copy is stale from now on; what is under way is neither joined nor kept any more. */
  expire(id: string): void {
    this.#local.expire(id)
    this.#reader.flights.fence(id)
    this.#loads.fence(id)
  }

  /** Drops all local copies; what is under way is neither joined nor kept any more. */
  clear(): void {
    this.#context.bulkhead.cool()
    this.#local.clear()
    for (const id of this.#reader.flights.ids()) this.#reader.flights.fence(id)
    for (const id of this.#loads.ids()) {
      // Gives its lease back: who asks next need not wait for it.
      for (const load of this.#loads.all(id)) load.onChange?.()
      this.#loads.fence(id)
    }
  }

  /** Somebody, perhaps this process, changed the entry in Redis: what was asked for before may be outdated. */
  changed(id: string): void {
    this.#local.changed(id)
    this.#reader.flights.fence(id)
    for (const load of this.#loads.all(id)) {
      load.changes++
      load.onChange?.()
      // The message may be about our own store, so the value is kept, to be read once more; but it may be about a change as well. A second one is.
      if (load.detached) load.fenced = true
      else if (load.loaded) load.detached = true
    }
    if (this.#loads.get(id)?.fenced === true) this.#loads.fence(id)
  }

  /** Any entry may have changed. */
  allChanged(): void {
    this.#context.bulkhead.cool()
    this.#local.clear()
    for (const id of this.#reader.flights.ids()) this.#reader.flights.fence(id)
    for (const id of this.#loads.ids()) this.changed(id)
  }

  /** What loads of the key cost by the local copy, in milliseconds; 0 without one. */
  cost(id: string): number {
    return this.#local.get(id)?.deltaMs ?? 0
  }

  /** The version of the local copy, 0 without one. */
  version(id: string): number {
    return this.#local.get(id)?.version ?? 0
  }

  /** Takes no more calls, and waits for what is under way. */
  async close(): Promise<void> {
    this.#closed = true
    this.#refresher.stop()
    await this.#reader.flights.settled()
    await this.#loads.settled()
  }

  #getSlowly(id: string, entry: LocalEntry<R> | undefined, source: Source<R>): Promise<R> {
    const { name, scope, shared, clock } = this.#context
    if (this.#closed) return Promise.reject(new CacheError('CACHE_CLOSED', `${name}: the cache is closed`, { definition: name, id }))
    const usable = this.#standing(id, entry)
    if (usable !== undefined && this.#isTrusted(usable)) {
      noteUse(this.#context, id, usable, source.policy)
      return clock.now() < usable.staleAt ? this.#serveFresh(id, usable, source) : this.#stale.answer(id, usable, source, 'localStale')
    }
    const running = this.#reader.flights.get(id)
    if (running?.since.tagged === scope.version) return this.#join(id, running, source)
    // What began before an invalidation of tags may be about to return what was invalidated.
    if (running !== undefined) this.#reader.flights.fence(id)
    const key = this.key(id)
    if (shared === undefined || !shared.available(key)) {
      return usable === undefined ? this.#load(id, source, undefined) : this.#stale.answer(id, usable, source, 'localStale')
    }
    return this.#reader.read(id, key, shared, usable, source)
  }

  #join(id: string, running: Flight<R>, source: Source<R>): Promise<R> {
    const { scope, counters } = this.#context
    source.leave?.(id)
    if (running.since.tagged === scope.version && !running.renews) {
      counters.coalesced++
      return running.promise
    }
    // Tags or namespaces were invalidated since it began; whether those of this value, is known when it lands. And a refresh that comes to nothing ends with the old value, which may be what this caller has just been told is gone.
    return running.promise.then(
      (value) => {
        if (running.outdated || running.fellBack) return this.#again(id, source)
        counters.coalesced++
        return value
      },
      (error: unknown) => {
        counters.coalesced++
        throw error
      },
    )
  }

  /** For who joined what turned out to be of no use. Not a new `get`: the reading that this is part of would wait for itself. */
  #again(id: string, source: Source<R>): R | Promise<R> {
    const { counters } = this.#context
    const entry = this.#standing(id, this.#local.get(id))
    if (entry === undefined || !this.#isTrusted(entry) || this.#context.clock.now() >= entry.staleAt) return this.#load(id, source, null)
    counters.coalesced++
    return entry.value
  }

  /** A local copy that may still be returned, at least as stale: not over, and not invalidated by its tags or its namespace. */
  #standing(id: string, entry: LocalEntry<R> | undefined): LocalEntry<R> | undefined {
    const { clock, scope } = this.#context
    if (entry === undefined || clock.now() >= entry.hardAt) return undefined
    if (clock.now() >= entry.idleAt) {
      if (this.#local.get(id) === entry) this.#local.delete(id)
      return undefined
    }
    const { version } = entry.guard
    if (entry.checked === version) return entry
    const verdict = scope.judgeCopy(entry, entry.order)
    if (verdict === 'hard') {
      if (this.#local.get(id) === entry) this.#local.delete(id)
      return undefined
    }
    if (verdict === 'soft') declareStale(entry)
    if (verdict !== 'unknown') entry.checked = version
    return entry
  }

  #isTrusted(entry: LocalEntry<R>): boolean {
    return this.#context.clock.now() < entry.trustedUntil && entry.epoch === this.#changes.epoch && entry.checked === entry.guard.version
  }

  /** Soon no longer fresh: perhaps this call renews it. */
  #serveFresh(id: string, entry: LocalEntry<R>, source: Source<R>): Promise<R> {
    if (entry.value === null) this.#context.counters.localNegative++
    else this.#context.counters.localFresh++
    this.#refresher.perhaps(id, this.key(id), entry, source)
    return promiseOf(entry)
  }

  /** Joins or starts the load of a key for callers who have nothing to return. */
  #load(id: string, source: Source<R>, found: Buffer | null | undefined, lease?: LeaseReply): Promise<R> {
    const running = this.#loads.get(id)
    if (running !== undefined) {
      if (lease?.kind === 'granted') void this.#context.shared?.release(this.key(id), lease.token)
      return this.#join(id, running, source)
    }
    const flight = this.#loads.start(id, this.#context.scope.now())
    flight.startedAt = this.#context.clock.exactNow()
    flight.promise = this.#runLoad(id, flight, source, found, lease)
    return flight.promise
  }

  async #runLoad(id: string, flight: Flight<R>, source: Source<R>, found: Buffer | null | undefined, lease: LeaseReply | undefined): Promise<R> {
    const { counters } = this.#context
    try {
      const value = keepLoaded(this.#context, this.#local, id, flight, await this.#loader.load(id, this.key(id), flight, source, found, lease), source)
      counters.miss++
      return value
    } catch (error) {
      if (isShed(error)) counters.shed++
      else counters.failed++
      throw error
    } finally {
      this.#loads.land(id, flight)
    }
  }
}
