import { Counters } from './counters.ts'
import type { BytesPolicy } from './bytes-options.ts'
import { Envelope } from './entry/envelope.ts'
import type { SchemaCheck } from './entry/schema-check.ts'
import { CacheError } from './errors.ts'
import { Bulkhead, type BulkheadLimits } from './flight/bulkhead.ts'
import { LoadDeadlines } from './flight/load-deadlines.ts'
import type { RegionContext } from './flight/region-context.ts'
import { Region } from './flight/region.ts'
import { type HotKey, HotKeys } from './hot-keys.ts'
import type { LocalLimits } from './local/local-limits.ts'
import type { ResolvedOptions } from './options.ts'
import type { SharedTier } from './redis/shared-tier.ts'
import type { DefinitionStats } from './stats.ts'
import { Marks } from './tags/marks.ts'
import type { Scope } from './tags/scope.ts'
import { Timings } from './timings.ts'

/** What is kept of each definition, whatever its values are. */
interface Registered {
  readonly region: Pick<Region<unknown>, 'size' | 'limit' | 'memory' | 'close' | 'clear' | 'changed' | 'allChanged'>
  readonly counters: Counters
  readonly hotKeys: HotKeys
  readonly bulkhead: Bulkhead
}

/** What a definition has of its own. */
export interface RegionOptions {
  readonly localLimits: LocalLimits
  readonly loadLimits: BulkheadLimits
  readonly bytes: BytesPolicy
  readonly check?: SchemaCheck | undefined
}

/** The definitions of one cache and all its namespaces, by full name: `tenant/product`. */
export class Regions {
  readonly options: ResolvedOptions
  readonly shared: SharedTier | undefined
  readonly marks: Marks
  readonly #byName = new Map<string, Registered>()
  /** By name without namespace: all tenants share the limits of a definition. */
  readonly #bulkheads = new Map<string, Bulkhead>()
  readonly #deadlines: LoadDeadlines
  closed = false

  constructor(options: ResolvedOptions, shared: SharedTier | undefined) {
    this.options = options
    this.shared = shared
    this.marks = new Marks(shared, options.clock)
    this.#deadlines = new LoadDeadlines(options.clock)
    shared?.listen((key, kind) => {
      if (key === undefined) this.#allChanged()
      else if (kind === 'mark') this.marks.changed(key)
      else this.#changed(key)
    })
  }

  /** @throws CacheError `NAME_TAKEN`. */
  add<R>(scope: Scope, name: string, { localLimits, loadLimits, bytes, check }: RegionOptions): { readonly region: Region<R>; readonly context: RegionContext } {
    const fullName = scope.path === '' ? name : `${scope.path}/${name}`
    if (this.#byName.has(fullName)) throw new CacheError('NAME_TAKEN', `${fullName} is defined already; define it once and pass the definition on`, { definition: fullName })
    const { clock, random, leaseTtlMs, leaseWaitMs, maxStalenessMs, maxTaggedTtlMs, loadSpans, onError, namespace, sealer } = this.options
    const counters = new Counters()
    const hotKeys = new HotKeys(random)
    const timings = new Timings(namespace, fullName)
    let bulkhead = this.#bulkheads.get(name)
    if (bulkhead === undefined) this.#bulkheads.set(name, (bulkhead = new Bulkhead(loadLimits, clock)))
    const envelope = new Envelope({ codec: bytes.newCodec(), compressor: bytes.compressor, sealer, check, namespace, counters })
    const context: RegionContext = { name: fullName, scope, shared: this.shared, counters, timings, hotKeys, envelope, bulkhead, deadlines: this.#deadlines, clock, random, leaseTtlMs, leaseWaitMs, maxTaggedTtlMs, loadSpans, onError }
    const region = new Region<R>(context, localLimits, maxStalenessMs)
    this.#byName.set(fullName, { region, counters, hotKeys, bulkhead })
    return { region, context }
  }

  /** Empties the local tiers of a namespace and of those within it. */
  clear(path: string): void {
    for (const [name, { region }] of this.#byName) if (path === '' || name.startsWith(`${path}/`)) region.clear()
  }

  stats(): Record<string, DefinitionStats> {
    const definitions: Record<string, DefinitionStats> = {}
    for (const [name, { region, counters, bulkhead }] of this.#byName) {
      definitions[name] = Object.assign({ localItems: region.size, localLimit: region.limit, ...region.memory, loadsRunning: bulkhead.running, loadsQueued: bulkhead.queued }, counters)
    }
    return definitions
  }

  /** Of all definitions, the most asked for first. */
  hotKeys(limit: number): HotKey[] {
    return Array.from(this.#byName, ([name, { hotKeys }]) => hotKeys.report(name)).flat().toSorted((a, b) => b.calls - a.calls).slice(0, limit)
  }

  /** Takes no more calls; resolves when what is under way has ended. */
  async close(): Promise<void> {
    this.closed = true
    await Promise.all(Array.from(this.#byName.values(), ({ region }) => region.close()))
  }

  #changed(key: string): void {
    const nameEnds = key.indexOf(':')
    this.#byName.get(key.slice(0, nameEnds))?.region.changed(key.slice(nameEnds + 1))
  }

  #allChanged(): void {
    this.marks.allChanged()
    for (const { region } of this.#byName.values()) region.allChanged()
  }
}
