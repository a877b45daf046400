import type { HotKey } from './hot-keys.ts'
import { observeCache } from './instruments.ts'
import { Namespace } from './namespace.ts'
import type { ResolvedOptions } from './options.ts'
import { coherenceOf, noChanges } from './redis/changes.ts'
import type { SharedTier, SharedTierStats } from './redis/shared-tier.ts'
import { Regions } from './regions.ts'
import type { CacheStats } from './stats.ts'

/** How long `close()` waits for loads under way, in milliseconds. */
const CLOSE_WAIT_MS = 2_000

/** What `stats().redis` says without a Redis. */
const LOCAL_ONLY: SharedTierStats = { reachable: false, errors: 0, queuedInvalidations: 0, tracking: 'off', trackingLosses: 0, changesHeard: 0 }

/** A local tier in front of Redis in front of a source. Made by `createCache`. */
export class Cache extends Namespace {
  readonly #regions: Regions
  readonly #stopObserving: () => void
  #closing: Promise<void> | undefined

  /** @param shared - the tier that processes share; `undefined` for a local-only cache. */
  constructor(options: ResolvedOptions, shared: SharedTier | undefined) {
    const regions = new Regions(options, shared)
    super(regions, '')
    this.#regions = regions
    this.#stopObserving = observeCache(options.namespace, () => this.stats())
  }

  /** Counts since the start. */
  stats(): CacheStats {
    const { shared } = this.#regions
    const changes = shared?.changes ?? noChanges
    return { definitions: this.#regions.stats(), redis: shared === undefined ? LOCAL_ONLY : shared.stats(), coherence: coherenceOf(changes), coherenceChanges: changes.epoch }
  }

  /**
   * The keys that this process asks for most, lately, by a sample of the calls: for a person or a log, not for metrics, because keys may hold personal data.
   *
   * @param limit - most keys that are returned.
   */
  hotKeys(limit = 10): HotKey[] {
    return this.#regions.hotKeys(limit)
  }

  /** Takes no more calls, waits up to 2 s for loads under way, sends queued invalidations once more if it can, and closes the connection if it is ours. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const { options, shared } = this.#regions
    await new Promise<void>((resolve) => {
      const timer = options.clock.setTimer(resolve, CLOSE_WAIT_MS)
      void this.#regions.close().then(() => {
        timer.cancel()
        resolve()
      })
    })
    this.#stopObserving()
    await shared?.close()
  }
}
