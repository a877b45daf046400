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
  /** True once a refresh has ended without a new value: its result is the old one. */
  fellBack = false
  /** True once the source was read: a message from then on may be about what the value does not hold yet. */
  loaded = false
  /** Messages about the key that came while it was under way: what was asked for before one may be outdated. */
  changes = 0
  /** What such a message sets in motion. */
  onChange: (() => void) | undefined

  constructor(since: Moment) {
    this.since = since
  }
}

/** The flights under way, by id. */
export class Flights<R> {
  readonly #byId = new Map<string, Flight<R>>()

  get size(): number {
    return this.#byId.size
  }

  get(id: string): Flight<R> | undefined {
    return this.#byId.get(id)
  }

  /** The ids under way now. */
  ids(): string[] {
    return [...this.#byId.keys()]
  }

  /** Starts a flight that others join until it lands or is fenced. The caller sets its promise before anybody else runs. */
  start(id: string, since: Moment): Flight<R> {
    const flight = new Flight<R>(since)
    this.#byId.set(id, flight)
    return flight
  }

  /** Ends a flight; a younger one of the same id stays. */
  land(id: string, flight: Flight<R>): void {
    if (this.#byId.get(id) === flight) this.#byId.delete(id)
  }

  /** Later callers do not join what is under way, and its result is not kept. */
  fence(id: string): void {
    const flight = this.#byId.get(id)
    if (flight === undefined) return
    flight.fenced = true
    this.#byId.delete(id)
  }

  /** Later callers do not join what is under way; its result may still be kept. */
  detach(id: string): void {
    this.#byId.delete(id)
  }

  /** Resolves when all that are under way have ended, well or not. */
  async settled(): Promise<void> {
    await Promise.allSettled(Array.from(this.#byId.values(), ({ promise }) => promise))
  }
}
