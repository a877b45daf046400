import { Cache } from '../cache.ts'
import { type CacheOptions, resolveOptions } from '../options.ts'
import type { MemoryTier } from './memory-tier.ts'

/** Options of {@link createTestCache}: those of `createCache`, with a double in place of Redis. */
export interface TestCacheOptions extends Omit<CacheOptions, 'namespace' | 'redis'> {
  /** @default 'test' */
  readonly namespace?: string
  /** How this process reaches the server it shares with others; without it the cache is local only. */
  readonly shared?: MemoryTier
}

/**
 * A cache over a double of Redis. Two of them with tiers over one `MemoryServer` are two processes.
 *
 * @throws `CacheError` `OPTION_INVALID`.
 */
export function createTestCache({ shared, ...options }: TestCacheOptions): Cache {
  return new Cache(resolveOptions({ namespace: 'test', ...options, redis: false }), shared)
}
