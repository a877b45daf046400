import { earlyWindowMs, refreshesEarly } from '../entry/early-refresh.ts'
import { CacheError } from '../errors.ts'
import type { LocalEntry } from '../local/local-tier.ts'
import type { LoadReason, Source } from '../source.ts'
import type { Flight, Flights } from './flight.ts'
import type { Loaded, Loader } from './loader.ts'
import type { RegionContext } from './region-context.ts'

/** Pause before a process looks again at a key that another one refreshes, in milliseconds. */
const HELD_PAUSE_MS = 100

/** Renews values for which nobody waits: stale ones, and fresh ones that will be stale soon. */
export class Refresher<R> {
  readonly #context: RegionContext
  readonly #loads: Flights<R>
  readonly #loader: Loader<R>
  readonly #keep: (id: string, flight: Flight<R>, loaded: Loaded<R>, source: Source<R>) => R
  #stopped = false

  /**
   * @param loads - the loads of the region: a refresh is one of them.
   * @param keep - keeps what was loaded and returns its value.
   */
  constructor(context: RegionContext, loads: Flights<R>, loader: Loader<R>, keep: (id: string, flight: Flight<R>, loaded: Loaded<R>, source: Source<R>) => R) {
    this.#context = context
    this.#loads = loads
    this.#loader = loader
    this.#keep = keep
  }

  stop(): void {
    this.#stopped = true
  }

  /** Refreshes a fresh value early, if it is this call's turn. */
  perhaps(id: string, key: string, entry: LocalEntry<R>, source: Source<R>): void {
    const { clock, random, counters } = this.#context
    const { policy } = source
    if (clock.now() < entry.softAt - earlyWindowMs(entry, policy.beta) || !refreshesEarly(clock.now(), entry.softAt, entry.deltaMs, policy.beta, random)) return
    if (this.start(id, key, entry, source, 'early')) counters.earlyRefreshes++
  }

  /** Starts the load that renews a value, unless one runs or has just failed; true when it did. It ends with the old value at worst, or the error when that may not be returned any more. */
  start(id: string, key: string, old: LocalEntry<R>, source: Source<R>, reason: LoadReason = 'expired'): boolean {
    const { clock, counters, scope } = this.#context
    if (clock.now() < old.retryAt || this.#loads.get(id) !== undefined || this.#stopped) return false
    counters.refreshes++
    const flight = this.#loads.start(id, scope.now())
    flight.startedAt = clock.exactNow()
    flight.renews = true
    flight.promise = this.#run(id, key, flight, old, source, reason)
    flight.promise.catch(() => {})
    return true
  }

  async #run(id: string, key: string, flight: Flight<R>, old: LocalEntry<R>, source: Source<R>, reason: LoadReason): Promise<R> {
    const { name, scope, clock, onError } = this.#context
    try {
      const loaded = await this.#loader.refresh(id, key, flight, source, old, reason)
      if (loaded.kind !== 'passed' && loaded.kind !== 'held') return this.#keep(id, flight, loaded, source)
      flight.fellBack = true
      flight.outdated = scope.version !== flight.since.tagged
      old.retryAt = clock.exactNow() + (loaded.kind === 'held' ? HELD_PAUSE_MS : source.policy.refreshRetryDelayMs)
    } catch (cause) {
      flight.fellBack = true
      flight.outdated = scope.version !== flight.since.tagged
      old.retryAt = clock.exactNow() + source.policy.refreshRetryDelayMs
      onError(new CacheError('REFRESH_FAILED', `${name}: a refresh failed; the value is served up to its hard TTL`, { cause, definition: name, id }))
      // Removed meanwhile, or over.
      if (flight.fenced || clock.now() >= old.hardAt || scope.judgeCopy(old, old.order) === 'hard') throw cause
    } finally {
      this.#loads.land(id, flight)
    }
    return old.value
  }
}
