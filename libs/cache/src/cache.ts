import { Counters } from './counters.ts'
import { Definition, type DefinitionOptions } from './definition.ts'
import { Envelope } from './entry/envelope.ts'
import { CacheError } from './errors.ts'
import { Bulkhead, type BulkheadLimits } from './flight/bulkhead.ts'
import type { RegionContext } from './flight/loader.ts'
import { Region } from './flight/region.ts'
import { observeCache } from './instruments.ts'
import { resolveLoadLimits } from './load-limits.ts'
import { toCount } from './option-checks.ts'
import type { ResolvedOptions } from './options.ts'
import { type PolicyOptions, resolvePolicy } from './policy.ts'
import type { SharedTier, SharedTierStats } from './redis/shared-tier.ts'
import type { LoadContext } from './source.ts'
import type { CacheStats, DefinitionStats } from './stats.ts'

/** Name of the keys of `getOrLoad` in Redis and in the metrics. */
const AD_HOC = '~'

/** How long `close()` waits up to 2 s for loads under way, in milliseconds. */
const CLOSE_WAIT_MS = 2_000

/** What `stats().redis` says without a Redis. */
const LOCAL_ONLY: SharedTierStats = { reachable: false, errors: 0, queuedInvalidations: 0, tracking: 'off', trackingLosses: 0, changesHeard: 0 }

/** A local tier in front of Redis in front of a source. Made by `createCache`. */
export class Cache {
  readonly #options: ResolvedOptions
  readonly #shared: SharedTier | undefined
  readonly #regions = new Map<string, { readonly region: Pick<Region<unknown>, 'size' | 'limit' | 'close' | 'changed' | 'allChanged'>; readonly counters: Counters; readonly bulkhead: Bulkhead }>()
  readonly #adHoc: Region<unknown>
  readonly #stopObserving: () => void
  #closing: Promise<void> | undefined

  /** @param shared - the tier that processes share; `undefined` for a local-only cache. */
  constructor(options: ResolvedOptions, shared: SharedTier | undefined) {
    this.#options = options
    this.#shared = shared
    this.#adHoc = this.#addRegion<unknown>(AD_HOC, options.maxItems, options.loadLimits).region
    shared?.listen((key) => this.#changed(key))
    this.#stopObserving = observeCache(options.namespace, () => this.stats())
  }

  /**
   * Declares values of one kind: how they are loaded and how long they live.
   *
   * @throws {@link CacheError} `OPTION_INVALID`, `NAME_TAKEN`, `CACHE_CLOSED`.
   */
  define<R>(options: DefinitionOptions<R>): Definition<R> {
    const { name } = options
    if (this.#closing !== undefined) throw new CacheError('CACHE_CLOSED', `${name}: the cache is closed`, { definition: name })
    if (!/^[\w.-]{1,64}$/.test(name)) throw new CacheError('OPTION_INVALID', `name is ${JSON.stringify(name)}; give 1 to 64 letters, digits, _, - or .`)
    if (this.#regions.has(name)) throw new CacheError('NAME_TAKEN', `${name} is defined already; define it once and pass the definition on`, { definition: name })
    const policy = resolvePolicy(name, options, ['name', 'load', 'loadMany', 'local', 'loads'])
    const maxItems = toCount(`${name}: local.maxItems`, options.local?.maxItems ?? this.#options.maxItems)
    const { region, context } = this.#addRegion<R>(name, maxItems, resolveLoadLimits(`${name}: loads.`, options.loads, this.#options.loadLimits))
    return new Definition(region, context, { policy, load: options.load }, options.loadMany)
  }

  /**
   * The value of a key that has no definition: loaded by `load` when neither tier has it.
   *
   * @throws as {@link Definition.get}, and {@link CacheError} `OPTION_INVALID`.
   */
  getOrLoad<R>(key: string, load: (context: LoadContext) => R | Promise<R>, options: PolicyOptions): Promise<R> {
    const region = this.#adHoc
    return region.get(key, { policy: resolvePolicy('getOrLoad', options), load: (_key, context) => load(context) }) as Promise<R>
  }

  /** Counts since the start. */
  stats(): CacheStats {
    const definitions: Record<string, DefinitionStats> = {}
    for (const [name, { region, counters, bulkhead }] of this.#regions) {
      definitions[name] = Object.assign({ localItems: region.size, localLimit: region.limit, loadsRunning: bulkhead.running, loadsQueued: bulkhead.queued }, counters)
    }
    return { definitions, redis: this.#shared === undefined ? LOCAL_ONLY : this.#shared.stats() }
  }

  /** Takes no more calls, waits up to 2 s for loads under way, sends queued invalidations once more if it can, and closes the connection if it is ours. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const { clock } = this.#options
    await new Promise<void>((resolve) => {
      const timer = clock.setTimer(resolve, CLOSE_WAIT_MS)
      void Promise.all(Array.from(this.#regions.values(), ({ region }) => region.close())).then(() => {
        timer.cancel()
        resolve()
      })
    })
    this.#stopObserving()
    await this.#shared?.close()
  }

  /** Somebody changed an entry in Redis; without a key, any of them. */
  #changed(key: string | undefined): void {
    if (key === undefined) {
      for (const { region } of this.#regions.values()) region.allChanged()
      return
    }
    const nameEnds = key.indexOf(':')
    this.#regions.get(key.slice(0, nameEnds))?.region.changed(key.slice(nameEnds + 1))
  }

  #addRegion<R>(name: string, maxItems: number, loadLimits: BulkheadLimits): { region: Region<R>; context: RegionContext } {
    const { clock, random, leaseTtlMs, leaseWaitMs, maxStalenessMs, onError } = this.#options
    const counters = new Counters()
    const bulkhead = new Bulkhead(loadLimits, clock)
    const context: RegionContext = { name, shared: this.#shared, counters, envelope: new Envelope(), bulkhead, clock, random, leaseTtlMs, leaseWaitMs, onError }
    const region = new Region<R>(context, maxItems, maxStalenessMs)
    this.#regions.set(name, { region, counters, bulkhead })
    return { region, context }
  }
}
