import type { Cache } from '../src/cache.ts'
import type { CacheError } from '../src/errors.ts'
import { createTestCache, FakeClock, type TestCacheOptions } from '../src/testing/testing.ts'

/** A cache on a fake clock, without jitter, over the given shared tier or none; `errors` holds what `onError` was told. */
export function cacheFixture(options: Omit<TestCacheOptions, 'clock'> & { clock?: FakeClock } = {}): { cache: Cache; clock: FakeClock; errors: CacheError[] } {
  const { clock = new FakeClock(), ...rest } = options
  const errors: CacheError[] = []
  return { cache: createTestCache({ random: () => 0, onError: (error) => errors.push(error), ...rest, clock }), clock, errors }
}
