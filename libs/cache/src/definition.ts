import { CacheError } from './errors.ts'
import { LoadBatch } from './flight/load-batch.ts'
import type { RegionContext } from './flight/region-context.ts'
import type { Region } from './flight/region.ts'
import { type InvalidateOutcome, Writer, type WriteOutcome } from './flight/writer.ts'
import type { LoadLimitOptions } from './load-limits.ts'
import type { PolicyOptions } from './policy.ts'
import type { LoadContext, LoadManyContext, Source } from './source.ts'

/** What a {@link Definition} is made from. */
export interface DefinitionOptions<R, Stale = R> extends PolicyOptions<R> {
  /** Part of the keys in Redis and of the metrics: 1 to 64 letters, digits, `_`, `-` or `.`; one definition for each name. */
  readonly name: string
  /** Reads one value from the source. `null` says that there is none and is cached as such; `undefined` is passed on and not stored. */
  load(this: void, id: string, context: LoadContext<Stale>): R | Promise<R>
  /**
   * Reads several values at once for `getMany`; each is cached on its own. Ids that are missing in the map count as `undefined`.
   * Without it `getMany` calls `load` for each.
   */
  loadMany?(this: void, ids: readonly string[], context: LoadManyContext): ReadonlyMap<string, R> | Promise<ReadonlyMap<string, R>>
  readonly local?: {
    /** Most local entries of this definition. @default the cache's `local.maxItems` */
    readonly maxItems?: number
  }
  /** Limits of the loads of this definition in this process. @default those of the cache */
  readonly loads?: LoadLimitOptions
}

/** Values of one kind, by id. Values are shared between callers: do not change them. */
export class Definition<R> {
  readonly #region: Region<R>
  readonly #writer: Writer<R>
  readonly #context: RegionContext
  readonly #source: Source<R>
  readonly #loadMany: DefinitionOptions<R>['loadMany']

  /** Made by `cache.define`. */
  constructor(region: Region<R>, context: RegionContext, source: Source<R>, loadMany?: DefinitionOptions<R>['loadMany']) {
    this.#region = region
    this.#writer = new Writer(region, context)
    this.#context = context
    this.#source = source
    this.#loadMany = loadMany
  }

  /** Entries in the local tier. */
  get localItems(): number {
    return this.#region.size
  }

  /**
   * The value of an id: from the local tier, from Redis, or from the loader, which runs once however many ask.
   *
   * @throws the loader's error, or {@link CacheError} `LOAD_TIMEOUT`, or `LOAD_SHED`, when there is no stale value to return; `CACHE_CLOSED`. Never an error of Redis.
   */
  get(id: string): Promise<R> {
    return this.#region.get(id, this.#source)
  }

  /** The values of several ids, in their order. Ids for which the loader gave `undefined` are not in it. @throws as {@link get}, when one of the loads fails. */
  async getMany(ids: readonly string[]): Promise<Map<string, R>> {
    const unique = [...new Set(ids)]
    const values = await Promise.all(this.#loadMany === undefined ? unique.map((id) => this.#region.get(id, this.#source)) : this.#getBatched(unique, this.#loadMany))
    const found = new Map<string, R>()
    for (let i = 0; i < unique.length; i++) if (values[i] !== undefined) found.set(unique[i]!, values[i]!)
    return found
  }

  /** The fresh local copy, without waiting and without loading; `undefined` when there is none. */
  peek(id: string): R | undefined {
    return this.#region.peek(id)
  }

  /**
   * Writes through: first `persist`, which changes the source, then the cache.
   *
   * @param options - `version`: of the value in the source, a whole number above 0; an older one never replaces a newer one.
   * @throws what `persist` throws; the key is then invalidated, because the source may have changed or not. {@link CacheError} `INVALIDATION_QUEUE_FULL`.
   */
  async write(id: string, value: R, persist: () => unknown, options: { readonly version?: number } = {}): Promise<WriteOutcome> {
    const version = options.version ?? 0
    if (options.version !== undefined && !(Number.isSafeInteger(version) && version > 0)) {
      throw new CacheError('OPTION_INVALID', `${this.#context.name}: version is ${version}; give a whole number above 0`, { definition: this.#context.name, id })
    }
    return this.#writer.write(id, value, persist, this.#source.policy, version)
  }

  /**
   * Removes the value here and in Redis. Call it after the source has changed. A load that began earlier is not kept by any process.
   *
   * @throws {@link CacheError} `INVALIDATION_QUEUE_FULL` when Redis is away and too many wait for it already; the local copy is gone then, too.
   */
  invalidate(id: string): Promise<InvalidateOutcome> {
    return this.#writer.invalidate(id, this.#source.policy)
  }

  #getBatched(ids: readonly string[], loadMany: NonNullable<DefinitionOptions<R>['loadMany']>): Promise<R>[] {
    const batch = new LoadBatch(ids, { policy: this.#source.policy, loadMany, context: this.#context })
    return ids.map((id) => this.#region.get(id, batch).finally(() => batch.leave(id)))
  }
}
