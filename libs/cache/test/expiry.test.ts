import { describe, expect, test, vi } from 'vitest'
import { entryOf } from '../src/entry/entry.ts'
import { resolvePolicy } from '../src/policy.ts'
import { cacheFixture } from './cache-fixture.ts'
import { DeferredLoader } from './deferred-loader.ts'
import { FakeClock, settle, MemoryServer, MemoryTier } from '../src/testing/testing.ts'

const ttl = { softTtl: '1m', hardTtl: '10m' } as const

describe('soft and hard expiry', () => {
  test('a value is fresh until its soft expiry', async () => {
    const { cache, clock } = cacheFixture()
    const load = vi.fn((id: string) => `value of ${id}`)
    const products = cache.define({ name: 'product', load, ...ttl })
    expect(await products.get('1')).toBe('value of 1')
    await clock.advance(59_999)
    expect(await products.get('1')).toBe('value of 1')
    expect(load).toHaveBeenCalledTimes(1)
  })

  test('between soft and hard expiry the stale value is returned at once while one refresh runs', async () => {
    const { cache, clock } = cacheFixture()
    const loader = new DeferredLoader<string>()
    const products = cache.define({ name: 'product', load: loader.load, ...ttl, loadTimeout: '5m' })
    const first = products.get('1')
    loader.last.resolve('old')
    await first
    await clock.advance(60_000)
    expect(await Promise.all([products.get('1'), products.get('1'), products.get('1')])).toEqual(['old', 'old', 'old'])
    expect(loader.calls).toHaveLength(2)
    expect(loader.last.context.reason).toBe('expired')
    loader.last.resolve('new')
    await settle()
    expect(await products.get('1')).toBe('new')
    expect(loader.calls).toHaveLength(2)
  })

  test('from the hard expiry on the value is never returned', async () => {
    const { cache, clock } = cacheFixture()
    const loader = new DeferredLoader<string>()
    const products = cache.define({ name: 'product', load: loader.load, ...ttl })
    const first = products.get('1')
    loader.last.resolve('old')
    await first
    await clock.advance(600_000)
    const second = products.get('1')
    loader.last.reject(new Error('source is down'))
    await expect(second).rejects.toThrow('source is down')
  })

  test('lifetimes count from the start of the load', async () => {
    const { cache, clock } = cacheFixture()
    const loader = new DeferredLoader<string>()
    const products = cache.define({ name: 'product', load: loader.load, ...ttl, loadTimeout: '5m' })
    const first = products.get('1')
    await clock.advance(40_000)
    loader.last.resolve('slow')
    await first
    await clock.advance(19_999)
    expect(products.peek('1')).toBe('slow')
    await clock.advance(1)
    expect(products.peek('1')).toBeUndefined()
  })

  test('a failing refresh serves the stale value up to the hard expiry, tries again once per delay, and tells onError', async () => {
    const { cache, clock, errors } = cacheFixture()
    const load = vi.fn<() => Promise<string>>().mockResolvedValueOnce('old').mockRejectedValue(new Error('source is down'))
    const products = cache.define({ name: 'product', load, ...ttl, refreshRetryDelay: '2s' })
    await products.get('1')
    await clock.advance(60_000)
    for (let i = 0; i < 50; i++) {
      expect(await products.get('1')).toBe('old')
      await settle()
    }
    expect(load).toHaveBeenCalledTimes(2)
    await clock.advance(2_000)
    expect(await products.get('1')).toBe('old')
    await settle()
    expect(load).toHaveBeenCalledTimes(3)
    expect(errors.map(({ code, definition, cause }) => ({ code, definition, cause }))).toEqual([
      { code: 'REFRESH_FAILED', definition: 'product', cause: new Error('source is down') },
      { code: 'REFRESH_FAILED', definition: 'product', cause: new Error('source is down') },
    ])
  })

  test('a stale entry that is read from Redis again keeps the delay of its failed refresh', async () => {
    const clock = new FakeClock()
    const load = vi.fn<() => Promise<string>>().mockResolvedValueOnce('old').mockRejectedValue(new Error('source is down'))
    const { cache } = cacheFixture({ clock, shared: new MemoryTier(new MemoryServer(clock)), local: { maxStaleness: 10 } })
    const products = cache.define({ name: 'product', load, ...ttl, refreshRetryDelay: '2s' })
    await products.get('1')
    await clock.advance(60_000)
    for (let i = 0; i < 10; i++) {
      expect(await products.get('1')).toBe('old')
      await clock.advance(100)
    }
    expect(load).toHaveBeenCalledTimes(2)
    expect(cache.stats().definitions['product']!.redisStale).toBe(10)
  })

  test('jitter shortens the soft lifetime by up to its share and leaves the hard one', () => {
    const policy = resolvePolicy('product', { ...ttl, jitter: 0.2 })
    const softTtls = [0, 0.5, 0.999].map((random) => entryOf('v', policy, policy.jitter, 1_000, () => random, { deltaMs: 1_000 }).softAt - 1_000)
    expect(softTtls[0]).toBe(60_000)
    expect(softTtls[1]).toBe(54_000)
    expect(softTtls[2]).toBeCloseTo(48_012)
    expect(entryOf('v', policy, policy.jitter, 1_000, () => 0.999, { deltaMs: 1_000 }).hardAt).toBe(601_000)
  })
})

describe('absences', () => {
  test('null is cached for negativeTtl and not longer', async () => {
    const { cache, clock } = cacheFixture()
    const load = vi.fn<() => string | null>().mockReturnValueOnce(null).mockReturnValue('created since')
    const products = cache.define({ name: 'product', load, ...ttl, negativeTtl: '5s' })
    expect(await products.get('1')).toBeNull()
    await clock.advance(4_999)
    expect(await products.get('1')).toBeNull()
    expect(load).toHaveBeenCalledTimes(1)
    await clock.advance(1)
    expect(await products.get('1')).toBe('created since')
    expect(cache.stats().definitions['product']).toMatchObject({ localNegative: 1, miss: 2 })
  })

  test('undefined is returned and not stored', async () => {
    const { cache } = cacheFixture()
    const load = vi.fn<() => string | undefined>().mockReturnValue(undefined)
    const products = cache.define({ name: 'product', load, ...ttl })
    expect(await products.get('1')).toBeUndefined()
    expect(await products.get('1')).toBeUndefined()
    expect(load).toHaveBeenCalledTimes(2)
    expect(products.localItems).toBe(0)
  })

  test('a found-nothing refresh replaces a value, a failed one does not', async () => {
    const { cache, clock } = cacheFixture()
    const load = vi.fn<() => Promise<string | null>>().mockResolvedValueOnce('there').mockResolvedValue(null)
    const products = cache.define({ name: 'product', load, ...ttl })
    await products.get('1')
    await clock.advance(60_000)
    expect(await products.get('1')).toBe('there')
    await settle()
    expect(await products.get('1')).toBeNull()
  })
})

describe('the local copy', () => {
  test('never outlives the entry in Redis that it was read from', async () => {
    const clock = new FakeClock()
    const server = new MemoryServer(clock)
    const a = cacheFixture({ clock, shared: new MemoryTier(server), local: { maxStaleness: '1h' } }).cache.define({ name: 'product', load: () => 'v', ...ttl })
    const b = cacheFixture({ clock, shared: new MemoryTier(server), local: { maxStaleness: '1h' } }).cache.define({ name: 'product', load: () => 'not asked', ...ttl })
    await a.get('1')
    await clock.advance(50_000)
    expect(await b.get('1')).toBe('v')
    await clock.advance(9_999)
    expect(b.peek('1')).toBe('v')
    await clock.advance(1)
    expect(b.peek('1')).toBeUndefined()
  })

  test('is used for maxStaleness, then Redis is asked again and what another process wrote is seen', async () => {
    const clock = new FakeClock()
    const server = new MemoryServer(clock)
    const a = cacheFixture({ clock, shared: new MemoryTier(server) }).cache.define({ name: 'product', load: () => 'old', ...ttl })
    const b = cacheFixture({ clock, shared: new MemoryTier(server) }).cache.define({ name: 'product', load: () => 'not asked', ...ttl })
    await a.get('1')
    expect(await b.get('1')).toBe('old')
    expect(await a.write('1', 'new', () => {})).toBe('stored')
    await clock.advance(4_999)
    expect(await b.get('1')).toBe('old')
    await clock.advance(1)
    expect(await b.get('1')).toBe('new')
  })

  test('that is no longer trusted is not served when Redis says that the entry is gone, even if the load fails', async () => {
    const clock = new FakeClock()
    const server = new MemoryServer(clock)
    const load = vi.fn<() => Promise<string>>().mockResolvedValueOnce('old').mockRejectedValue(new Error('source is down'))
    const tier = new MemoryTier(server)
    const a = cacheFixture({ clock, shared: tier }).cache.define({ name: 'product', load, ...ttl })
    const b = cacheFixture({ clock, shared: new MemoryTier(server) }).cache.define({ name: 'product', load, ...ttl })
    await a.get('1')
    await b.invalidate('1')
    await clock.advance(5_000)
    await expect(a.get('1')).rejects.toThrow('source is down')
    tier.up = false
    await expect(a.get('1')).rejects.toThrow('source is down')
  })

  test('that is no longer trusted is served as stale, and refreshed, while Redis is away', async () => {
    const clock = new FakeClock()
    const tier = new MemoryTier(new MemoryServer(clock))
    const load = vi.fn<() => Promise<string>>().mockResolvedValueOnce('old').mockResolvedValue('new')
    const a = cacheFixture({ clock, shared: tier }).cache.define({ name: 'product', load, ...ttl })
    await a.get('1')
    tier.up = false
    await clock.advance(30_000)
    expect(await a.get('1')).toBe('old')
    await settle()
    expect(await a.get('1')).toBe('new')
  })

  test('that Redis has not confirmed is trusted from the start of its load', async () => {
    const clock = new FakeClock()
    const tier = new MemoryTier(new MemoryServer(clock))
    const loader = new DeferredLoader<string>()
    const products = cacheFixture({ clock, shared: tier }).cache.define({ name: 'product', load: loader.load, ...ttl })
    tier.up = false
    const answer = products.get('1')
    await clock.advance(4_000)
    loader.last.resolve('v')
    await answer
    await clock.advance(999)
    expect(products.peek('1')).toBe('v')
    await clock.advance(1)
    expect(products.peek('1')).toBeUndefined()
  })

  test('an entry in Redis that is over by its own stamp is loaded again, whatever Redis thinks of it', async () => {
    const clock = new FakeClock()
    const server = new MemoryServer(clock)
    const load = vi.fn<() => string>().mockReturnValueOnce('old').mockReturnValue('new')
    const a = cacheFixture({ clock, shared: new MemoryTier(server) }).cache.define({ name: 'product', load, ...ttl })
    await a.get('1')
    const stored = server.entries.get('product:1')!
    stored.until += 60_000
    await clock.advance(600_000)
    expect(await a.get('1')).toBe('new')
    expect(server.entry('product:1')).not.toEqual(stored.bytes)
    // The same when it turns up between the read and the lease.
    const lateServer = new MemoryServer(clock)
    const answers = ['gone', 'there']
    const late = new MemoryTier(lateServer, () => {
      if (answers.shift() === 'there') lateServer.entries.set('product:1', stored)
      return { delivery: 'answered', outMs: 0, backMs: 0 }
    })
    expect(await cacheFixture({ clock, shared: late }).cache.define({ name: 'product', load, ...ttl }).get('1')).toBe('new')
  })

  test('goes when there are more than maxItems, the least recently used first', async () => {
    const { cache } = cacheFixture({ local: { maxItems: 2 } })
    const products = cache.define({ name: 'product', load: (id: string) => id, ...ttl })
    for (const id of ['1', '2', '1', '3']) await products.get(id)
    expect([products.peek('1'), products.peek('2'), products.peek('3')]).toEqual(['1', undefined, '3'])
    expect(products.localItems).toBe(2)
  })
})

describe('absences in the local tier', () => {
  test('random ids drive out one another, and no value', async () => {
    const { cache } = cacheFixture({ local: { maxItems: 20 } })
    const products = cache.define({ name: 'product', load: (id: string) => (id.startsWith('p') ? id : null), ...ttl })
    const ids = Array.from({ length: 20 }, (_, i) => `p${i}`)
    await products.getMany(ids)
    for (let i = 0; i < 1_000; i++) await products.get(`random ${i}`)
    expect(ids.map((id) => products.peek(id))).toEqual(ids)
    expect(products.localItems).toBe(22)
    expect([products.peek('random 997'), products.peek('random 998'), products.peek('random 999')]).toEqual([undefined, null, null])
  })

  test('have a limit of their own for each definition', async () => {
    const { cache } = cacheFixture({ local: { maxNegatives: 3 } })
    const load = (): null => null
    const [asCache, own, share] = [{ name: 'a' }, { name: 'b', local: { maxNegatives: 5 } }, { name: 'c', local: { maxItems: 40 } }].map((options) => cache.define({ ...options, load, ...ttl }))
    for (const definition of [asCache!, own!, share!]) for (let i = 0; i < 10; i++) await definition.get(`${i}`)
    expect([asCache!.localItems, own!.localItems, share!.localItems]).toEqual([3, 5, 4])
  })

  test('a value that comes into being takes the place of its absence, and the other way round', async () => {
    const { cache, clock } = cacheFixture()
    const load = vi.fn<() => string | null>().mockReturnValueOnce(null).mockReturnValueOnce('v').mockReturnValueOnce(null)
    const products = cache.define({ name: 'product', load, softTtl: '5s', hardTtl: '10s', negativeTtl: '5s' })
    const seen: unknown[] = []
    for (let i = 0; i < 3; i++) {
      await products.get('1')
      await settle()
      seen.push(products.peek('1'), products.localItems)
      await clock.advance(5_000)
    }
    expect(seen).toEqual([null, 1, 'v', 1, null, 1])
  })
})
