import type { Cache, Definition } from '@ballast/cache'
import type { ApiKey, KeySource } from './api-key.ts'

/** Namespace of the cache, which ingest and its commands share. */
export const KEYS_NAMESPACE = 'ballast-ingest'

/** How long a key may be used before it is looked up again: the longest time for which a revoked one is accepted without Redis. */
export const KEY_FRESH_MS = 10_000

/** How long a key that is known is accepted while ClickHouse is away. */
const KEY_KEPT_MS = 86_400_000

/** How long a hash that is no key is known as such: so a sender with a wrong key costs one look in this time. */
const UNKNOWN_MS = 5_000

/** How long a request waits to hear whether its key is still one. Then the last answer counts: ClickHouse is away. */
const LOOK_MS = 1_000

/** Keys of a source in the cache: a look for most requests costs no query, and keys are known while ClickHouse is away. */
export class CachedKeys implements KeySource {
  readonly #definition: Definition<ApiKey | null>

  constructor(cache: Cache, source: KeySource) {
    this.#definition = cache.define<ApiKey | null>({
      name: 'api-key',
      load: async (hash) => (await source.find(hash)) ?? null,
      softTtl: KEY_FRESH_MS,
      hardTtl: KEY_KEPT_MS,
      negativeTtl: UNKNOWN_MS,
      softLoadTimeout: LOOK_MS,
    })
  }

  find(hash: string): ApiKey | Promise<ApiKey | undefined> {
    return this.#definition.peek(hash) ?? this.#definition.get(hash).then((key) => key ?? undefined)
  }

  /** The key has changed: every process that shares the Redis asks again. */
  async forget(hash: string): Promise<void> {
    await this.#definition.invalidate(hash)
  }
}
