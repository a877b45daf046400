import { Cache } from './cache.ts'
import { type CacheOptions, resolveOptions } from './options.ts'
import { RedisTier } from './redis/redis-tier.ts'

/**
 * Makes a cache. It starts at once, also when Redis is away.
 *
 * @throws {@link CacheError} `OPTION_INVALID`.
 */
export function createCache(options: CacheOptions): Cache {
  const resolved = resolveOptions(options)
  return new Cache(resolved, resolved.redis === false ? undefined : new RedisTier(resolved.redis, resolved))
}
