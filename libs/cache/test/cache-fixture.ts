import { Cache } from '../src/cache.ts'
import type { CacheError } from '../src/errors.ts'
import { type CacheOptions, resolveOptions } from '../src/options.ts'
import type { SharedTier } from '../src/redis/shared-tier.ts'
import { FakeClock } from './fake-clock.ts'

/** A cache on a fake clock, without jitter, over the given shared tier or none; `errors` holds what `onError` was told. */
export function cacheFixture(options: Partial<CacheOptions> & { shared?: SharedTier; clock?: FakeClock } = {}): { cache: Cache; clock: FakeClock; errors: CacheError[] } {
  const { shared, clock = new FakeClock(), ...rest } = options
  const errors: CacheError[] = []
  const resolved = resolveOptions({ namespace: 'test', redis: false, random: () => 0, onError: (error) => errors.push(error), ...rest, clock })
  return { cache: new Cache(resolved, shared), clock, errors }
}
