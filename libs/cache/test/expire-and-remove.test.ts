import { describe, expect, test, vi } from 'vitest'
import { FakeClock, MemoryServer, MemoryTier, settle } from '../src/testing/testing.ts'
import { cacheFixture } from './cache-fixture.ts'
import { DeferredLoader } from './deferred-loader.ts'

const ttl = { softTtl: '1m', hardTtl: '10m' } as const

/** One process; over Redis, or alone. */
function oneProcess(kind: string) {
  const clock = new FakeClock()
  const server = new MemoryServer(clock)
  const shared = new MemoryTier(server)
  const fixture = cacheFixture(kind === 'local only' ? { clock } : { clock, shared })
  const load = vi.fn<(id: string) => string | null | Promise<string>>().mockReturnValueOnce('old').mockReturnValue('new')
  return { ...fixture, clock, server, shared, load, products: fixture.cache.define<string | null>({ name: 'product', load, ...ttl }) }
}

describe.each(['local only', 'over Redis'])('expire, %s', (kind) => {
  test('the old value is returned once more while it is renewed', async () => {
    const { products } = oneProcess(kind)
    await products.get('1')
    expect(await products.expire('1')).toBe(kind === 'local only' ? 'local' : 'deleted')
    expect(products.peek('1')).toBeUndefined()
    expect(await products.get('1')).toBe('old')
    await settle()
    expect(await products.get('1')).toBe('new')
  })

  test('the old value is returned when the source fails, up to its hard expiry', async () => {
    const { products, load, clock } = oneProcess(kind)
    await products.get('1')
    await products.expire('1')
    load.mockReset().mockImplementation(() => {
      throw new Error('source is down')
    })
    for (let i = 0; i < 5; i++) {
      expect(await products.get('1')).toBe('old')
      await clock.advance(60_000)
    }
    await clock.advance(300_000)
    await expect(products.get('1')).rejects.toThrow('source is down')
  })

  test('a load that began before is not kept', async () => {
    const { cache } = oneProcess(kind)
    const loader = new DeferredLoader<string>()
    const products = cache.define({ name: 'slow', load: loader.load, ...ttl })
    const before = products.get('1')
    await settle()
    await products.expire('1')
    loader.last.resolve('read before')
    expect(await before).toBe('read before')
    await settle()
    const after = products.get('1')
    await settle()
    expect(loader.calls).toHaveLength(2)
    loader.last.resolve('read after')
    expect(await after).toBe('read after')
  })

  test('an absence is never stale, so it goes', async () => {
    const { products, load } = oneProcess(kind)
    load.mockReset().mockReturnValueOnce(null).mockReturnValue('created')
    await products.get('1')
    await products.expire('1')
    expect(await products.get('1')).toBe('created')
  })
})

test('an entry declared stale keeps its expiry in Redis, and is stale to every process', async () => {
  const { products, server, clock } = oneProcess('over Redis')
  await products.get('1')
  const { until } = server.entries.get('product:1')!
  await clock.advance(1_000)
  await products.expire('1')
  expect(server.entries.get('product:1')!.until).toBe(until)
  const load = vi.fn(() => 'renewed')
  const { cache } = cacheFixture({ clock, shared: new MemoryTier(server) })
  const other = cache.define({ name: 'product', load, ...ttl })
  expect(await other.get('1')).toBe('old')
  await settle()
  expect(await other.get('1')).toBe('renewed')
  expect(cache.stats().definitions['product']).toMatchObject({ redisStale: 1, loads: 1 })
})

test('while it cannot reach Redis, expire counts in this process, and lands later', async () => {
  const { products, shared, server, load } = oneProcess('over Redis')
  await products.get('1')
  shared.partitioned = true
  expect(await products.expire('1')).toBe('queued')
  load.mockReset().mockImplementation(() => {
    throw new Error('source is down')
  })
  expect(await products.get('1')).toBe('old')
  const before = server.entry('product:1')!
  shared.partitioned = false
  shared.replay()
  expect(server.entry('product:1')).not.toEqual(before)
})

describe('remove bars the old value on every path', () => {
  test('not after expire, not as stale, not when the source fails', async () => {
    const { products, load } = oneProcess('over Redis')
    await products.get('1')
    await products.expire('1')
    await products.remove('1')
    load.mockReset().mockImplementation(() => {
      throw new Error('source is down')
    })
    await expect(products.get('1')).rejects.toThrow('source is down')
  })

  test('not after a soft invalidation of its tag (bentocache #71)', async () => {
    const { cache } = oneProcess('over Redis')
    const load = vi.fn<() => string>().mockReturnValueOnce('old')
    const products = cache.define({ name: 'tagged', load, tags: () => ['t'], ...ttl })
    await products.get('1')
    await cache.invalidateTags(['t'], { soft: true })
    await products.remove('1')
    load.mockImplementation(() => {
      throw new Error('source is down')
    })
    await expect(products.get('1')).rejects.toThrow('source is down')
  })

  test('not while Redis is away', async () => {
    const { products, shared, load } = oneProcess('over Redis')
    await products.get('1')
    shared.up = false
    expect(await products.remove('1')).toBe('queued')
    load.mockReset().mockImplementation(() => {
      throw new Error('source is down')
    })
    await expect(products.get('1')).rejects.toThrow('source is down')
  })

  test('not to who joins a refresh that began before and fails after', async () => {
    const { cache, clock } = oneProcess('over Redis')
    const loader = new DeferredLoader<string>()
    const products = cache.define({ name: 'slow', load: loader.load, ...ttl })
    const first = products.get('1')
    await settle()
    loader.last.resolve('old')
    await first
    await clock.advance(60_000)
    await products.get('1')
    await settle()
    await products.remove('1')
    const after = products.get('1')
    await settle()
    loader.calls[1]!.reject(new Error('source is down'))
    await settle()
    loader.calls[2]!.resolve('new')
    expect(await after).toBe('new')
  })

  test('not when the soft timeout is over', async () => {
    const { cache, clock } = oneProcess('over Redis')
    const loader = new DeferredLoader<string>()
    const products = cache.define({ name: 'slow', load: loader.load, softLoadTimeout: '100ms', ...ttl })
    const first = products.get('1')
    await settle()
    loader.last.resolve('old')
    await first
    await clock.advance(60_000)
    const waiting = products.get('1')
    await settle()
    await products.remove('1')
    await clock.advance(200)
    loader.last.resolve('new')
    expect(await waiting).toBe('new')
  })
})
