import { resolveBytes } from './bytes-options.ts'
import { Definition, type DefinitionOptions } from './definition.ts'
import { schemaCheck } from './entry/schema-check.ts'
import { CacheError } from './errors.ts'
import type { Region } from './flight/region.ts'
import type { InvalidateOutcome } from './flight/writer.ts'
import { resolveLoadLimits } from './load-limits.ts'
import { LOCAL_LIMIT_OPTIONS, resolveLocalLimits } from './local/local-limits.ts'
import { refuseUnknown } from './option-checks.ts'
import { type PolicyOptions, resolvePolicy } from './policy.ts'
import type { Regions } from './regions.ts'
import type { LoadContext } from './source.ts'
import { checkTags } from './tags/check-tags.ts'
import { Scope } from './tags/scope.ts'

/** Name of the keys of `getOrLoad` in Redis and in the metrics. */
const AD_HOC = '~'

/** Letters, digits, `_`, `-` and `.`. */
const NAME = /^[\w.-]{1,64}$/

/** Whether what was loaded before may still be served as stale. */
export interface SoftOption {
  /** `true`: as stale, while one refresh runs, and when it fails. `false`: never again. @default false */
  readonly soft?: boolean
}

/** Keys that can be cleared together, apart from all others. The cache itself is one. */
export class Namespace {
  readonly #regions: Regions
  readonly #scope: Scope
  readonly #within = new Map<string, Namespace>()
  #adHoc: Region<unknown> | undefined

  /** Made by `cache.namespace`. */
  constructor(regions: Regions, path: string) {
    this.#regions = regions
    this.#scope = new Scope(regions.marks, path)
  }

  /**
   * Declares values of one kind: how they are loaded and how long they live.
   *
   * @throws {@link CacheError} `OPTION_INVALID`, `NAME_TAKEN`, `CACHE_CLOSED`.
   */
  define<R, Stale = R>(options: DefinitionOptions<R, Stale>): Definition<R> {
    const { name } = options
    const { localLimits, loadLimits, bytes, maxTaggedTtlMs, onError } = this.#regions.options
    if (this.#regions.closed) throw new CacheError('CACHE_CLOSED', `${name}: the cache is closed`, { definition: name })
    if (!NAME.test(name)) throw new CacheError('OPTION_INVALID', `name is ${JSON.stringify(name)}; give 1 to 64 letters, digits, _, - or .`)
    const { name: _name, load, loadMany, local, loads, serialiser: _serialiser, compression: _compression, schema, ...policyOptions } = options
    const policy = resolvePolicy(name, policyOptions, ['name', 'load', 'loadMany', 'local', 'loads', 'serialiser', 'compression', 'schema'])
    refuseUnknown(Object.keys(local ?? {}), LOCAL_LIMIT_OPTIONS, `${name}: local.`)
    if (policy.tags !== undefined && policy.hardTtlMs > maxTaggedTtlMs) {
      throw new CacheError('OPTION_INVALID', `${name}: hardTtl is ${policy.hardTtlMs} ms, but invalidations of tags are remembered for ${maxTaggedTtlMs} ms; raise maxTaggedTtl in all processes, or lower hardTtl`)
    }
    const { region, context } = this.#regions.add<R>(this.#scope, name, {
      localLimits: resolveLocalLimits(`${name}: local.`, local, localLimits),
      loadLimits: resolveLoadLimits(`${name}: loads.`, loads, loadLimits),
      bytes: resolveBytes(`${name}: `, options, bytes),
      check: schema === undefined ? undefined : schemaCheck(name, schema, onError),
    })
    return new Definition(region, context, { policy, load: (id, context) => load(id, context as LoadContext<Stale>) }, policyOptions, loadMany)
  }

  /**
   * The value of a key that has no definition: loaded by `load` when neither tier has it.
   *
   * @throws as {@link Definition.get}, and {@link CacheError} `OPTION_INVALID`.
   */
  getOrLoad<R>(key: string, load: (context: LoadContext) => R | Promise<R>, options: PolicyOptions<R>): Promise<R> {
    if (this.#regions.closed) return Promise.reject(new CacheError('CACHE_CLOSED', 'getOrLoad: the cache is closed', { definition: AD_HOC, id: key }))
    return this.#adHocRegion().get(key, { policy: resolvePolicy('getOrLoad', options), load: (_key, context) => load(context) }) as Promise<R>
  }

  /**
   * Invalidates every value of this namespace that carries one of the tags and whose load began before, in Redis and in all processes, however many there are.
   * Call it after the source has changed.
   *
   * @throws {@link CacheError} `TAGS_INVALID`; `INVALIDATION_QUEUE_FULL`, when Redis is away and too many wait for it already.
   */
  async invalidateTags(tags: readonly string[], options: SoftOption = {}): Promise<InvalidateOutcome> {
    refuseUnknown(Object.keys(options), ['soft'], 'invalidateTags: ')
    const checked = checkTags('invalidateTags', tags) ?? []
    return worst(await allOf(checked.map((tag) => this.#scope.invalidateTag(tag, options.soft === true))))
  }

  /**
   * Invalidates every value of this namespace, and of those within it, whose load began before: one command, however many there are.
   *
   * @throws {@link CacheError} `INVALIDATION_QUEUE_FULL`, when Redis is away and too many invalidations wait for it already.
   */
  async clear(options: SoftOption = {}): Promise<InvalidateOutcome> {
    refuseUnknown(Object.keys(options), ['soft'], 'clear: ')
    const soft = options.soft === true
    if (!soft) this.#regions.clear(this.#scope.path)
    try {
      return await this.#scope.clear(soft)
    } finally {
      if (!soft) this.#regions.clear(this.#scope.path)
    }
  }

  /**
   * A namespace within this one: the same connection and limits, keys and tags of its own, cleared alone or with this one. The same object for the same name.
   *
   * @param name - 1 to 64 letters, digits, `_`, `-` or `.`.
   * @throws {@link CacheError} `OPTION_INVALID`.
   */
  namespace(name: string): Namespace {
    if (!NAME.test(name)) throw new CacheError('OPTION_INVALID', `namespace is ${JSON.stringify(name)}; give 1 to 64 letters, digits, _, - or .`)
    let within = this.#within.get(name)
    if (within === undefined) this.#within.set(name, (within = new Namespace(this.#regions, this.#scope.path === '' ? name : `${this.#scope.path}/${name}`)))
    return within
  }

  #adHocRegion(): Region<unknown> {
    this.#adHoc ??= this.#regions.add<unknown>(this.#scope, AD_HOC, this.#regions.options).region
    return this.#adHoc
  }
}

/** All of them, also when one fails: then its error. */
async function allOf<T>(answers: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(answers)
  return Promise.all(answers)
}

function worst(outcomes: readonly InvalidateOutcome[]): InvalidateOutcome {
  return outcomes.includes('queued') ? 'queued' : outcomes.includes('local') ? 'local' : 'deleted'
}
