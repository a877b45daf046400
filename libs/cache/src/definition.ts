import type { BytesOptions } from './bytes-options.ts'
import type { StandardSchema } from './entry/schema-check.ts'
import { CacheError } from './errors.ts'
import type { Explanation } from './flight/explain.ts'
import { LoadBatch } from './flight/load-batch.ts'
import type { RegionContext } from './flight/region-context.ts'
import type { Region } from './flight/region.ts'
import { type InvalidateOutcome, Writer, type WriteOutcome } from './flight/writer.ts'
import type { LoadLimitOptions } from './load-limits.ts'
import type { LocalLimitOptions } from './local/local-limits.ts'
import { type PolicyOptions, resolvePolicy } from './policy.ts'
import type { LoadContext, LoadManyContext, Source } from './source.ts'

/** What a {@link Definition} is made from. */
export interface DefinitionOptions<R, Stale = R> extends PolicyOptions<R>, BytesOptions {
  /** Part of the keys in Redis and of the metrics: 1 to 64 letters, digits, `_`, `-` or `.`; one definition for each name. */
  readonly name: string
  /** Reads one value from the source. `null` says that there is none and is cached as such; `undefined` is passed on and not stored. */
  load(this: void, id: string, context: LoadContext<Stale>): R | Promise<R>
  /**
   * Reads several values at once for `getMany`; each is cached on its own. Ids that are missing in the map count as `undefined`.
   * Without it `getMany` calls `load` for each.
   */
  loadMany?(this: void, ids: readonly string[], context: LoadManyContext): ReadonlyMap<string, R> | Promise<ReadonlyMap<string, R>>
  /** Limits of the local entries of this definition. @default those of the cache */
  readonly local?: LocalLimitOptions
  /**
   * What a value from Redis must pass, else it is a miss: a synchronous Standard Schema (zod, valibot, arktype and others). Absences need not.
   * What the schema makes of a value is what callers get, so it must accept what it gave. Values from the loader and of `write` are not checked. @default none
   */
  readonly schema?: StandardSchema<NonNullable<NoInfer<R>>>
  /** Limits of the loads of this definition in this process. @default those of the cache */
  readonly loads?: LoadLimitOptions
}

/** Options of one call: any of those that say how long a value lives and how it is loaded. `hardTtl` not above that of the definition. */
export type CallOptions<R = unknown> = Partial<PolicyOptions<R>>

/** Values of one kind, by id. Values are shared between callers: do not change them. */
export class Definition<R> {
  readonly #region: Region<R>
  readonly #writer: Writer<R>
  readonly #context: RegionContext
  readonly #source: Source<R>
  readonly #policyOptions: PolicyOptions<R>
  readonly #loadMany: DefinitionOptions<R>['loadMany']
  readonly #sources = new WeakMap<CallOptions<R>, Source<R>>()

  /** Made by `cache.define`. */
  constructor(region: Region<R>, context: RegionContext, source: Source<R>, policyOptions: PolicyOptions<R>, loadMany?: DefinitionOptions<R>['loadMany']) {
    this.#region = region
    this.#writer = new Writer(region, context)
    this.#context = context
    this.#source = source
    this.#policyOptions = policyOptions
    this.#loadMany = loadMany
  }

  /** Entries in the local tier. */
  get localItems(): number {
    return this.#region.size
  }

  /**
   * The value of an id: from the local tier, from Redis, or from the loader, which runs once however many ask.
   *
   * @param options - for the load that this call may start, in place of those of the definition; a constant object is checked once.
   * @throws the loader's error, or {@link CacheError} `LOAD_TIMEOUT`, or `LOAD_SHED`, when there is no stale value to return; `CACHE_CLOSED`. Never an error of Redis.
   */
  get(id: string, options?: CallOptions<R>): Promise<R> {
    return this.#region.get(id, options === undefined ? this.#source : this.#sourceFor(options))
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
   * Declares the value stale, here and in Redis: it may be returned while one refresh runs, and when that fails, up to its hard expiry. Call it after the source has changed.
   * A load that began earlier is not kept by any process. An absence is removed.
   *
   * @throws {@link CacheError} `INVALIDATION_QUEUE_FULL` when Redis is away and too many wait for it already; the local copy is stale then, too.
   */
  expire(id: string): Promise<InvalidateOutcome> {
    return this.#writer.expire(id, this.#source.policy)
  }

  /** As {@link invalidate}: the other end of the scale from {@link expire}. */
  remove(id: string): Promise<InvalidateOutcome> {
    return this.#writer.invalidate(id, this.#source.policy)
  }

  /**
   * Removes the value here and in Redis: it is returned by no path any more, not as stale and not when the source fails. Call it after the source has changed.
   * A load that began earlier is not kept by any process.
   *
   * @throws {@link CacheError} `INVALIDATION_QUEUE_FULL` when Redis is away and too many wait for it already; the local copy is gone then, too.
   */
  invalidate(id: string): Promise<InvalidateOutcome> {
    return this.#writer.invalidate(id, this.#source.policy)
  }

  /** What both tiers hold under an id, what its tags say, and what `get` would do now and why. For a person who looks for a fault: it asks Redis, changes nothing, and never rejects. */
  explain(id: string): Promise<Explanation> {
    return this.#region.explain(id)
  }

  #sourceFor(options: CallOptions<R>): Source<R> {
    let source = this.#sources.get(options)
    if (source === undefined) {
      const { name } = this.#context
      const policy = resolvePolicy(name, { ...this.#policyOptions, ...options })
      if (policy.hardTtlMs > this.#source.policy.hardTtlMs) throw new CacheError('OPTION_INVALID', `${name}: hardTtl is ${policy.hardTtlMs} ms for this call, above the ${this.#source.policy.hardTtlMs} ms of the definition, which is the most`, { definition: name })
      source = { ...this.#source, policy }
      this.#sources.set(options, source)
    }
    return source
  }

  #getBatched(ids: readonly string[], loadMany: NonNullable<DefinitionOptions<R>['loadMany']>): Promise<R>[] {
    const batch = new LoadBatch(ids, { policy: this.#source.policy, loadMany, context: this.#context })
    return ids.map((id) => this.#region.get(id, batch).finally(() => batch.leave(id)))
  }
}
