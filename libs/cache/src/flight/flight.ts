import type { Changes } from '../redis/changes.ts'
import type { Moment } from '../tags/scope.ts'

/** One read or load of one key, shared by all who ask meanwhile. */
export class Flight<R> {
  /** When it began: what was invalidated later may be in its result. */
  readonly since: Moment
  /** True once its result was found to be older than an invalidation of its tags or namespace: who joined after that must ask again. */
  outdated = false
  /** True once the key was invalidated or written: the result goes to those who asked before, and is kept nowhere. */
  fenced = false
  promise!: Promise<R>
  /** When a load began; wall-clock milliseconds. */
  startedAt = 0
  /** Whether it is a refresh: somebody has an old value already. */
  renews = false
  /** True once a refresh has ended without a new value: its result is the old one, which is not for those who had none when they joined. */
  fellBack = false
  /** Of the channel of changes when it began. */
  readonly epoch: number
  /** True once the source was read: a message from then on may be about what the value does not hold yet. */
  loaded = false
  /** Messages about the key that came while it was under way: what was asked for before one may be outdated. */
  changes = 0
  /** What such a message sets in motion. */
  onChange: (() => void) | undefined
  /** True once later callers start a flight of their own, although its result may still be kept. */
  detached = false
  /** The flight of the same id before this one, which was detached and is still under way. */
  older: Flight<R> | undefined

  constructor(since: Moment, epoch: number, older: Flight<R> | undefined) {
    this.since = since
    this.epoch = epoch
    this.older = older
  }
}

/** So many flights come and go before their map is made anew. */
const REMOVALS_PER_MAP = 512

/** The flights under way, by id. */
export class Flights<R> {
  #byId = new Map<string, Flight<R>>()
  #removed = 0
  readonly #changes: Changes

  /** @param changes - whether changes are heard: who asks while they are does not join what began before that, when one may have gone unheard. */
  constructor(changes: Changes) {
    this.#changes = changes
  }

  get size(): number {
    return this.#byId.size
  }

  /** The flight that callers may join. */
  get(id: string): Flight<R> | undefined {
    const flight = this.#byId.get(id)
    if (flight === undefined || flight.detached || (this.#changes.live && flight.epoch !== this.#changes.epoch)) return undefined
    return flight
  }

  /** The flights under way of one id, the latest first. */
  all(id: string): Flight<R>[] {
    const flights: Flight<R>[] = []
    for (let flight = this.#byId.get(id); flight !== undefined; flight = flight.older) flights.push(flight)
    return flights
  }

  /** The ids under way now. */
  ids(): string[] {
    return [...this.#byId.keys()]
  }

  /** Starts a flight that others join until it lands, is fenced or detached. The caller sets its promise before anybody else runs. */
  start(id: string, since: Moment): Flight<R> {
    const flight = new Flight<R>(since, this.#changes.epoch, this.#byId.get(id))
    this.#byId.set(id, flight)
    return flight
  }

  /** Ends a flight; others of the same id stay. */
  land(id: string, flight: Flight<R>): void {
    const latest = this.#byId.get(id)
    if (latest !== flight) {
      const younger = latest && this.all(id).find(({ older }) => older === flight)
      if (younger !== undefined) younger.older = flight.older
    } else if (flight.older === undefined) this.#remove(id)
    else this.#byId.set(id, flight.older)
  }

  /** Later callers do not join what is under way, and its result is not kept. */
  fence(id: string): void {
    let flight = this.#byId.get(id)
    if (flight === undefined) return
    for (; flight !== undefined; flight = flight.older) flight.fenced = true
    this.#remove(id)
  }

  /** Resolves when all that are under way have ended, well or not. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.ids().flatMap((id) => this.all(id).map(({ promise }) => promise)))
  }

  /**
   * A map in which entries come and go makes a new table from time to time, and the old table holds the new one and what was in it. One old table that has survived a few
   * collections keeps all later ones, and all their flights, alive until the next full collection: a third of all that was allocated. A new map is not tied to them.
   */
  #remove(id: string): void {
    this.#byId.delete(id)
    if (++this.#removed < REMOVALS_PER_MAP) return
    this.#removed = 0
    this.#byId = new Map(this.#byId)
  }
}
