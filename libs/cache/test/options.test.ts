import { describe, expect, test, vi } from 'vitest'
import { type CacheOptions, createCache, type DefinitionOptions } from '../src/index.ts'
import { cacheFixture } from './cache-fixture.ts'

const valid: DefinitionOptions<string> = { name: 'product', load: (id) => id, softTtl: '1m', hardTtl: '10m' }

describe('createCache', () => {
  test.each<[Partial<CacheOptions>, RegExp]>([
    [{ namespace: '' }, /namespace is ""/],
    [{ namespace: 'a:b' }, /namespace is "a:b"/],
    [{ redis: 'localhost:6379' }, /redis is text but not a URL/],
    [{ local: { maxItems: 0 } }, /local\.maxItems is 0/],
    [{ local: { maxStaleness: -1 } }, /local\.maxStaleness is -1/],
    [{ redisTimeout: 0 }, /redisTimeout is 0/],
    [{ leaseTtl: 5 }, /leaseTtl is 5/],
    [{ loads: { maxConcurrent: 0 } }, /loads\.maxConcurrent is 0/],
    [{ loads: { maxQueued: -1 } }, /loads\.maxQueued is -1/],
    [{ loads: { maxWait: 0 } }, /loads\.maxWait is 0/],
    [{ maxQueuedInvalidations: 1.5 }, /maxQueuedInvalidations is 1\.5/],
  ])('refuses %j', (options, message) => {
    expect(() => createCache({ namespace: 'shop', redis: false, ...options })).toThrow(expect.objectContaining({ name: 'CacheError', code: 'OPTION_INVALID', message: expect.stringMatching(message) }))
  })

  test('refuses an option that does not exist, so that a misspelt one is not ignored', () => {
    const options = { namespace: 'shop', redis: false, maxItems: 5 } as const
    expect(() => createCache(options)).toThrow(/no option maxItems/)
    const misspelt = JSON.parse('{"namespace":"shop","redis":false,"local":{"maxItem":5}}') as CacheOptions
    expect(() => createCache(misspelt)).toThrow(/no option local\.maxItem\b/)
    const misspeltLimit = JSON.parse('{"namespace":"shop","redis":false,"loads":{"max":5}}') as CacheOptions
    expect(() => createCache(misspeltLimit)).toThrow(/no option loads\.max\b/)
    const text = JSON.parse('{"namespace":"shop","redis":false,"local":{"tracking":"no"}}') as CacheOptions
    expect(() => createCache(text)).toThrow(/local\.tracking is "no"/)
  })
})

describe('define', () => {
  test.each<[Partial<DefinitionOptions<string>>, RegExp]>([
    [{ name: 'a:b' }, /name is "a:b"/],
    [{ name: '~' }, /name is "~"/],
    [{ softTtl: 0 }, /softTtl is 0/],
    [{ softTtl: Number.NaN }, /softTtl is null/],
    [{ softTtl: '10m', hardTtl: '1m' }, /hardTtl is 60000 ms, below softTtl 600000 ms/],
    [{ hardTtl: '400d' }, /hardTtl is "400d"/],
    [{ jitter: 2 }, /jitter is 2/],
    [{ beta: -1 }, /beta is -1/],
    [{ loads: { maxConcurrent: 0.5 } }, /product: loads\.maxConcurrent is 0\.5/],
    [{ negativeTtl: 0 }, /negativeTtl is 0/],
    [{ local: { maxItems: -1 } }, /local\.maxItems is -1/],
  ])('refuses %j', (options, message) => {
    const { cache } = cacheFixture()
    expect(() => cache.define({ ...valid, ...options })).toThrow(expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringMatching(message) }))
  })

  test('refuses an option that does not exist', () => {
    const { cache } = cacheFixture()
    const options = { ...valid, ttl: '1m' }
    expect(() => cache.define(options)).toThrow(/no option ttl/)
  })

  test('refuses a name that is taken', () => {
    const { cache } = cacheFixture()
    cache.define(valid)
    expect(() => cache.define(valid)).toThrow(expect.objectContaining({ code: 'NAME_TAKEN' }))
  })

  test('refuses to work on a closed cache', async () => {
    const { cache } = cacheFixture()
    const products = cache.define(valid)
    await products.get('1')
    await cache.close()
    await cache.close()
    expect(() => cache.define({ ...valid, name: 'other' })).toThrow(expect.objectContaining({ code: 'CACHE_CLOSED' }))
    await expect(products.get('1')).rejects.toMatchObject({ code: 'CACHE_CLOSED' })
    await expect(cache.getOrLoad('k', () => 1, { softTtl: 1, hardTtl: 1 })).rejects.toMatchObject({ code: 'CACHE_CLOSED' })
  })
})

test('types flow from the loader to the caller', async () => {
  const { cache } = cacheFixture()
  const products = cache.define({ name: 'product', load: async (id: string) => (id === '1' ? { name: 'lamp' } : null), softTtl: 1_000, hardTtl: 1_000 })
  const product: { name: string } | null = await products.get('1')
  expect(product?.name).toBe('lamp')
  const count: number = await cache.getOrLoad('count', async () => 5, { softTtl: 1_000, hardTtl: 1_000 })
  expect(count).toBe(5)
})

test('an onError listener that throws harms no caller', async () => {
  let calls = 0
  const { cache, clock } = cacheFixture({
    onError: () => {
      throw new Error('listener')
    },
  })
  const warn = vi.spyOn(process, 'emitWarning').mockReturnValue()
  const products = cache.define({
    ...valid,
    load: () => {
      if (++calls > 1) throw new Error('source is down')
      return 'stale'
    },
  })
  await products.get('1')
  await clock.advance(60_000)
  expect(await products.get('1')).toBe('stale')
  await clock.advance(0)
  expect(warn.mock.calls).toEqual([['the onError listener of a cache threw: listener']])
  warn.mockRestore()
})
