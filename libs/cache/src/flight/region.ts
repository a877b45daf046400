import type { Entry } from '../entry/entry.ts'
import { HEAD_BYTES } from '../entry/envelope.ts'
import { CacheError } from '../errors.ts'
import { type LocalEntry, LocalTier, promiseOf } from '../local/local-tier.ts'
import { type Changes, noChanges } from '../redis/changes.ts'
import type { SharedTier } from '../redis/shared-tier.ts'
import type { Policy } from '../policy.ts'
import type { Source } from '../source.ts'
import { type Flight, Flights } from './flight.ts'
import { isShed, Loader, type Loaded, type RegionContext } from './loader.ts'
import { Refresher } from './refresher.ts'

/** The keys of one definition: local tier, flights, Redis, loader, in this order. */
export class Region<R> {
  readonly #context: RegionContext
  readonly #loader: Loader<R>
  readonly #local: LocalTier<R>
  readonly #changes: Changes
  readonly #reads = new Flights<R>()
  readonly #loads = new Flights<R>()
  readonly #refresher: Refresher<R>
  #closed = false

  constructor(context: RegionContext, maxItems: number, trustMs: number) {
    this.#context = context
    this.#loader = new Loader(context)
    this.#refresher = new Refresher(context, this.#loads, this.#loader, (id, flight, loaded, source) => this.#keep(id, flight, loaded, source))
    this.#changes = context.shared?.changes ?? noChanges
    this.#local = new LocalTier(maxItems, context.shared === undefined ? Number.POSITIVE_INFINITY : trustMs, this.#changes)
  }

  get size(): number {
    return this.#local.size
  }

  get limit(): number {
    return this.#local.limit
  }

  /** The key of an id in the shared tier, without namespace. */
  key(id: string): string {
    return `${this.#context.name}:${id}`
  }

  /** A value from wherever it is nearest. A hit allocates nothing. */
  get(id: string, source: Source<R>): Promise<R> {
    const entry = this.#local.get(id)
    if (entry !== undefined && this.#context.clock.now() < entry.freshUntil && entry.epoch === this.#changes.epoch && !this.#closed) {
      if (entry.value === null) this.#context.counters.localNegative++
      else this.#context.counters.localFresh++
      return promiseOf(entry)
    }
    return this.#getSlowly(id, entry, source)
  }

  /** A fresh value of the local tier, or `undefined`. */
  peek(id: string): R | undefined {
    const entry = this.#local.get(id)
    return entry !== undefined && this.#context.clock.now() < Math.min(entry.softAt, entry.trustedUntil) && entry.epoch === this.#changes.epoch ? entry.value : undefined
  }

  /** Keeps a value that this process stored, in place of whatever was there or is under way. @param asOf - when it was certainly not outdated. */
  replace(id: string, entry: Entry<R>, asOf: number, policy: Policy): void {
    this.fence(id)
    this.#local.keepOwn(id, entry, asOf, policy)
  }

  /** Drops the local copy; what is under way is neither joined nor kept any more. */
  fence(id: string): void {
    this.#local.delete(id)
    this.#reads.fence(id)
    this.#loads.fence(id)
  }

  /** Somebody, perhaps this process, changed the entry in Redis: what was asked for before may be outdated. */
  changed(id: string): void {
    this.#local.changed(id)
    this.#reads.fence(id)
    const load = this.#loads.get(id)
    if (load === undefined) return
    load.changes++
    load.onChange?.()
    if (load.fenced) this.#loads.fence(id)
    // The message may be about our own store, so the value is kept, to be read once more; but it may be about a change as well.
    else if (load.loaded) this.#loads.detach(id)
  }

  /** Any entry may have changed. */
  allChanged(): void {
    this.#local.clear()
    for (const id of this.#reads.ids()) this.#reads.fence(id)
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
    await this.#reads.settled()
    await this.#loads.settled()
  }

  #getSlowly(id: string, entry: LocalEntry<R> | undefined, source: Source<R>): Promise<R> {
    const { name, shared, clock } = this.#context
    if (this.#closed) return Promise.reject(new CacheError('CACHE_CLOSED', `${name}: the cache is closed`, { definition: name, id }))
    const usable = entry !== undefined && clock.now() < entry.hardAt ? entry : undefined
    if (usable !== undefined && clock.now() < usable.trustedUntil && usable.epoch === this.#changes.epoch) {
      return clock.now() < usable.softAt ? this.#serveFresh(id, usable, source) : this.#serveStale(id, usable, source)
    }
    const running = this.#reads.get(id)
    if (running !== undefined) return this.#join(id, running, source)
    const key = this.key(id)
    if (shared === undefined || !shared.available(key)) {
      return usable === undefined ? this.#load(id, source, undefined) : this.#serveStale(id, usable, source)
    }
    return this.#read(id, key, shared, usable, source)
  }

  #join(id: string, running: Flight<R>, source: Source<R>): Promise<R> {
    this.#context.counters.coalesced++
    source.leave?.(id)
    return running.promise
  }

  /** Soon no longer fresh: perhaps this call renews it. */
  #serveFresh(id: string, entry: LocalEntry<R>, source: Source<R>): Promise<R> {
    if (entry.value === null) this.#context.counters.localNegative++
    else this.#context.counters.localFresh++
    this.#refresher.perhaps(id, this.key(id), entry, source)
    return promiseOf(entry)
  }

  #serveStale(id: string, entry: LocalEntry<R>, source: Source<R>): Promise<R> {
    this.#context.counters.localStale++
    this.#refresher.start(id, this.key(id), entry, source)
    return promiseOf(entry)
  }

  /** Asks Redis, then the loader. `local` is a copy too old to be trusted: it counts only when Redis cannot be asked. */
  #read(id: string, key: string, shared: SharedTier, local: LocalEntry<R> | undefined, source: Source<R>): Promise<R> {
    const flight = this.#reads.start(id)
    const askedAt = this.#context.clock.now()
    // An id that is not well-formed text comes back from Redis as another one: no message about it would be understood.
    const epoch = id.isWellFormed() ? this.#changes.epoch : undefined
    flight.promise = new Promise((resolve, reject) => {
      shared.read(key, (bytes) => {
        try {
          const entry = bytes === null || bytes === undefined ? undefined : this.#usable(bytes)
          if (entry !== undefined) {
            this.#reads.land(id, flight)
            resolve(this.#serveShared(id, flight, entry, askedAt, epoch, source))
            return
          }
          const land = (): void => this.#reads.land(id, flight)
          const answer = this.#withoutShared(id, flight, bytes, local, source)
          answer.then(land, land)
          resolve(answer)
        } catch (error) {
          this.#reads.land(id, flight)
          reject(error instanceof Error ? error : new Error(String(error)))
        }
      })
    })
    return flight.promise
  }

  /** An entry that Redis had, if it can be used. */
  #usable(bytes: Buffer): Entry<R> | undefined {
    const { counters, envelope, clock } = this.#context
    const entry = envelope.decode<R>(bytes)
    if (entry === undefined) counters.corrupt++
    return entry !== undefined && clock.now() < entry.hardAt ? entry : undefined
  }

  #serveShared(id: string, flight: Flight<R>, entry: Entry<R>, askedAt: number, epoch: number | undefined, source: Source<R>): R {
    const { counters, clock } = this.#context
    const kept = flight.fenced ? undefined : this.#local.keepRead(id, entry, askedAt, epoch, source.policy)
    if (clock.now() < entry.softAt) {
      if (entry.value === null) counters.redisNegative++
      else counters.redisFresh++
      if (kept !== undefined && entry.deltaMs > 0) this.#refresher.perhaps(id, this.key(id), kept, source)
    } else {
      counters.redisStale++
      if (kept !== undefined) this.#refresher.start(id, this.key(id), kept, source)
    }
    return entry.value
  }

  /** Redis had nothing of use: no answer (`undefined`), no entry (`null`), or one that is damaged or over. */
  #withoutShared(id: string, flight: Flight<R>, bytes: Buffer | null | undefined, local: LocalEntry<R> | undefined, source: Source<R>): Promise<R> {
    if (bytes === undefined) return local === undefined ? this.#load(id, source, undefined) : this.#serveStale(id, local, source)
    // Without an entry: invalidated, or evicted by Redis; nobody can tell which, so the old copy counts no more, not even when the load fails.
    if (bytes === null && !flight.fenced) this.#local.delete(id)
    return this.#load(id, source, bytes === null ? null : bytes.subarray(0, HEAD_BYTES))
  }

  /** Joins or starts the load of a key for callers who have nothing to return. */
  #load(id: string, source: Source<R>, found: Buffer | null | undefined): Promise<R> {
    const running = this.#loads.get(id)
    if (running !== undefined) return this.#join(id, running, source)
    const flight = this.#loads.start(id)
    flight.promise = this.#runLoad(id, flight, source, found)
    return flight.promise
  }

  async #runLoad(id: string, flight: Flight<R>, source: Source<R>, found: Buffer | null | undefined): Promise<R> {
    const { counters } = this.#context
    try {
      const value = this.#keep(id, flight, await this.#loader.load(id, this.key(id), flight, source, found), source)
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

  #keep(id: string, flight: Flight<R>, loaded: Loaded<R>, source: Source<R>): R {
    if (loaded.kind === 'passed') return loaded.value
    if (flight.fenced || loaded.kind === 'refused') this.#context.counters.fillsRefused++
    if (loaded.kind === 'refused') {
      if (!flight.fenced) this.#local.delete(id)
      return loaded.value
    }
    if (flight.fenced) return loaded.entry.value
    if (loaded.kind === 'found') this.#local.keepRead(id, loaded.entry, loaded.askedAt, loaded.epoch, source.policy)
    else if (loaded.kind === 'stored') this.#local.keepOwn(id, loaded.entry, loaded.asOf, source.policy)
    else this.#local.keepAlone(id, loaded.entry, loaded.asOf, source.policy)
    return loaded.entry.value
  }
}
