import { describe, expect, test, vi } from 'vitest'
import { cacheFixture } from './cache-fixture.ts'
import { DeferredLoader } from './deferred-loader.ts'
import { FakeClock, settle, MemoryServer, MemoryTier } from '../src/testing/testing.ts'

const ttl = { softTtl: '1m', hardTtl: '10m' } as const

describe('one flight for each key', () => {
  test.each([100, 1_000, 10_000])('%i callers at once cause one load', async (callers) => {
    const clock = new FakeClock()
    const { cache } = cacheFixture({ clock, shared: new MemoryTier(new MemoryServer(clock)) })
    const loader = new DeferredLoader<{ id: string }>()
    const products = cache.define({ name: 'product', load: loader.load, ...ttl })
    const answers = Array.from({ length: callers }, () => products.get('1'))
    await settle()
    const value = { id: '1' }
    loader.last.resolve(value)
    expect(new Set(await Promise.all(answers))).toEqual(new Set([value]))
    expect(loader.calls).toHaveLength(1)
    expect(cache.stats().definitions['product']).toMatchObject({ miss: 1, coalesced: callers - 1, loads: 1 })
  })

  test('all callers of a flight get the same error, and the next call tries again', async () => {
    const { cache } = cacheFixture()
    const loader = new DeferredLoader<string>()
    const products = cache.define({ name: 'product', load: loader.load, ...ttl })
    const answers = Array.from({ length: 100 }, () => products.get('1'))
    const error = new Error('source is down')
    loader.last.reject(error)
    const outcomes = await Promise.allSettled(answers)
    expect(new Set(outcomes.map((outcome) => (outcome.status === 'rejected' ? outcome.reason : outcome.value)))).toEqual(new Set([error]))
    expect(loader.calls).toHaveLength(1)
    const again = products.get('1')
    loader.last.resolve('back')
    expect(await again).toBe('back')
  })

  test('a loader that throws at once rejects its callers and nothing else', async () => {
    const { cache } = cacheFixture()
    const products = cache.define({
      name: 'product',
      load: (): string => {
        throw new Error('bad id')
      },
      ...ttl,
    })
    await expect(products.get('1')).rejects.toThrow('bad id')
  })

  test('different keys load side by side', async () => {
    const { cache } = cacheFixture()
    const loader = new DeferredLoader<string>()
    const products = cache.define({ name: 'product', load: loader.load, ...ttl })
    const answers = [products.get('1'), products.get('2')]
    expect(loader.calls.map(({ id }) => id)).toEqual(['1', '2'])
    for (const call of loader.calls) call.resolve(call.id)
    expect(await Promise.all(answers)).toEqual(['1', '2'])
  })

  test('a load beyond its timeout is aborted, its callers get LOAD_TIMEOUT, and its late result is dropped', async () => {
    const { cache, clock } = cacheFixture()
    const loader = new DeferredLoader<string>()
    const products = cache.define({ name: 'product', load: loader.load, ...ttl, loadTimeout: '3s' })
    const answer = products.get('1')
    const failure = answer.catch((error: unknown) => error)
    await clock.advance(3_000)
    expect(await failure).toMatchObject({ code: 'LOAD_TIMEOUT', definition: 'product', id: '1' })
    expect(loader.last.context.signal.aborted).toBe(true)
    loader.last.resolve('too late')
    await settle()
    expect(products.peek('1')).toBeUndefined()
  })

  test('getOrLoad shares one flight for each key and caches by its own policy', async () => {
    const { cache, clock } = cacheFixture()
    const load = vi.fn<() => Promise<number>>().mockResolvedValueOnce(1).mockResolvedValue(2)
    const policy = { softTtl: 1_000, hardTtl: 1_000 }
    expect(await Promise.all([cache.getOrLoad('report', load, policy), cache.getOrLoad('report', load, policy)])).toEqual([1, 1])
    await clock.advance(1_000)
    expect(await cache.getOrLoad('report', load, policy)).toBe(2)
    expect(load).toHaveBeenCalledTimes(2)
  })
})

describe('invalidation and flights', () => {
  test('a call that starts after an invalidation does not join the older load', async () => {
    const { cache } = cacheFixture()
    const loader = new DeferredLoader<string>()
    const products = cache.define({ name: 'product', load: loader.load, ...ttl })
    const before = products.get('1')
    await products.invalidate('1')
    const after = products.get('1')
    expect(loader.calls).toHaveLength(2)
    loader.calls[0]!.resolve('old')
    loader.calls[1]!.resolve('new')
    expect(await before).toBe('old')
    expect(await after).toBe('new')
    expect(products.peek('1')).toBe('new')
  })

  test('an older load that ends last neither stores its value nor ends the flight of the newer one', async () => {
    const { cache } = cacheFixture()
    const loader = new DeferredLoader<string>()
    const products = cache.define({ name: 'product', load: loader.load, ...ttl })
    const before = products.get('1')
    await products.invalidate('1')
    const after = products.get('1')
    loader.calls[0]!.resolve('old')
    await before
    expect(products.peek('1')).toBeUndefined()
    const joined = products.get('1')
    expect(loader.calls).toHaveLength(2)
    loader.calls[1]!.resolve('new')
    expect(await Promise.all([after, joined])).toEqual(['new', 'new'])
  })

  test('a load that began before an invalidation is stored neither here nor in Redis', async () => {
    const clock = new FakeClock()
    const server = new MemoryServer(clock)
    const { cache } = cacheFixture({ clock, shared: new MemoryTier(server) })
    const loader = new DeferredLoader<string>()
    const products = cache.define({ name: 'product', load: loader.load, ...ttl })
    const before = products.get('1')
    await settle()
    expect(await products.invalidate('1')).toBe('deleted')
    loader.last.resolve('old')
    expect(await before).toBe('old')
    expect(products.peek('1')).toBeUndefined()
    expect(server.entry('product:1')).toBeUndefined()
  })

  test('a load of this process is refused when another process invalidates during it, and the stale copy goes too', async () => {
    const clock = new FakeClock()
    const server = new MemoryServer(clock)
    const loader = new DeferredLoader<string>()
    const a = cacheFixture({ clock, shared: new MemoryTier(server), local: { maxStaleness: '1h' } }).cache.define({ name: 'product', load: loader.load, ...ttl })
    const b = cacheFixture({ clock, shared: new MemoryTier(server) }).cache.define({ name: 'product', load: () => 'b', ...ttl })
    const first = a.get('1')
    await settle()
    loader.last.resolve('old')
    await first
    await clock.advance(60_000)
    expect(await a.get('1')).toBe('old')
    await settle()
    await b.invalidate('1')
    loader.last.resolve('read before the invalidation')
    await settle()
    expect(server.entry('product:1')).toBeUndefined()
    const next = a.get('1')
    await settle()
    expect(loader.calls).toHaveLength(3)
    loader.last.resolve('new')
    expect(await next).toBe('new')
  })

  test('an entry that was on its way from Redis when the invalidation came is not kept', async () => {
    const clock = new FakeClock()
    const server = new MemoryServer(clock)
    await cacheFixture({ clock, shared: new MemoryTier(server) }).cache.define({ name: 'product', load: () => 'old', ...ttl }).get('1')
    // The read's answer takes 10 ms, everything else none: the deletion overtakes it.
    const backMs = [10]
    const tier = new MemoryTier(server, () => ({ delivery: 'answered', outMs: 0, backMs: backMs.shift() ?? 0 }))
    const products = cacheFixture({ clock, shared: tier }).cache.define({ name: 'product', load: () => 'new', ...ttl })
    const before = products.get('1')
    await settle()
    await products.invalidate('1')
    await clock.advance(10)
    expect(await before).toBe('old')
    expect(products.peek('1')).toBeUndefined()
    expect(await products.get('1')).toBe('new')
  })

  test('an entry that was read while the invalidation was on its way to Redis is not kept either', async () => {
    const clock = new FakeClock()
    const server = new MemoryServer(clock)
    await cacheFixture({ clock, shared: new MemoryTier(server) }).cache.define({ name: 'product', load: () => 'old', ...ttl }).get('1')
    // The deletion takes 10 ms, the read nothing.
    const outMs = [10]
    const tier = new MemoryTier(server, () => ({ delivery: 'answered', outMs: outMs.shift() ?? 0, backMs: 0 }))
    const products = cacheFixture({ clock, shared: tier }).cache.define({ name: 'product', load: () => 'new', ...ttl })
    const invalidating = products.invalidate('1')
    expect(await products.get('1')).toBe('old')
    await clock.advance(10)
    expect(await invalidating).toBe('deleted')
    expect(products.peek('1')).toBeUndefined()
    expect(await products.get('1')).toBe('new')
  })

  test('while an invalidation has not reached Redis, this process does not ask Redis about the key', async () => {
    const clock = new FakeClock()
    const server = new MemoryServer(clock)
    const deliveries: ('lost' | 'answered')[] = []
    const tier = new MemoryTier(server, () => ({ delivery: deliveries.shift() ?? 'answered', outMs: 0, backMs: 0 }))
    const load = vi.fn<() => string>().mockReturnValueOnce('old').mockReturnValue('new')
    const products = cacheFixture({ clock, shared: tier }).cache.define({ name: 'product', load, ...ttl })
    await products.get('1')
    deliveries.push('lost')
    expect(await products.invalidate('1')).toBe('queued')
    expect(server.entry('product:1')).toBeDefined()
    expect(await products.get('1')).toBe('new')
    tier.replay()
    expect(server.entry('product:1')).toBeUndefined()
  })
})

describe('loads of several processes', () => {
  test('one process loads, the others wait for its value', async () => {
    const clock = new FakeClock()
    const server = new MemoryServer(clock)
    const loader = new DeferredLoader<string>()
    const processes = Array.from({ length: 6 }, () => cacheFixture({ clock, shared: new MemoryTier(server) }).cache.define({ name: 'product', load: loader.load, ...ttl }))
    const answers = processes.map((products) => products.get('1'))
    await clock.advance(100)
    expect(loader.calls).toHaveLength(1)
    loader.last.resolve('v')
    await clock.advance(300)
    expect(await Promise.all(answers)).toEqual(Array.from({ length: 6 }, () => 'v'))
    expect(loader.calls).toHaveLength(1)
  })

  test('a load longer than its lease keeps the lease', async () => {
    const clock = new FakeClock()
    const server = new MemoryServer(clock)
    const loader = new DeferredLoader<string>()
    const [a, b] = [1, 2].map(() => cacheFixture({ clock, shared: new MemoryTier(server), leaseWait: '20s' }).cache.define({ name: 'product', load: loader.load, ...ttl }))
    const answers = [a!.get('1'), b!.get('1')]
    await clock.advance(8_000)
    expect(loader.calls).toHaveLength(1)
    loader.last.resolve('v')
    await clock.advance(300)
    expect(await Promise.all(answers)).toEqual(['v', 'v'])
  })

  test('a crashed process costs the others one lease', async () => {
    const clock = new FakeClock()
    const server = new MemoryServer(clock)
    server.leases.set('product:1', { token: 'of a process that is gone', until: clock.exactNow() + 2_000 })
    const load = vi.fn(() => 'v')
    const answer = cacheFixture({ clock, shared: new MemoryTier(server) }).cache.define({ name: 'product', load, ...ttl }).get('1')
    await clock.advance(1_900)
    expect(load).not.toHaveBeenCalled()
    await clock.advance(400)
    expect(await answer).toBe('v')
    expect(server.entry('product:1')).toBeDefined()
  })

  test('who has waited leaseWait loads by itself and stores nothing in Redis', async () => {
    const clock = new FakeClock()
    const server = new MemoryServer(clock)
    server.leases.set('product:1', { token: 'of a slow process', until: clock.exactNow() + 60_000 })
    const answer = cacheFixture({ clock, shared: new MemoryTier(server), leaseWait: '1s' }).cache.define({ name: 'product', load: () => 'v', ...ttl }).get('1')
    await clock.advance(1_300)
    expect(await answer).toBe('v')
    expect(server.entry('product:1')).toBeUndefined()
  })

  test('only one process refreshes a stale value, and the others serve it meanwhile', async () => {
    const clock = new FakeClock()
    const server = new MemoryServer(clock)
    const loader = new DeferredLoader<string>()
    const processes = Array.from({ length: 4 }, () => cacheFixture({ clock, shared: new MemoryTier(server) }).cache.define({ name: 'product', load: loader.load, ...ttl }))
    const first = processes[0]!.get('1')
    await settle()
    loader.last.resolve('old')
    await first
    await clock.advance(61_000)
    for (let round = 0; round < 5; round++) {
      expect(await Promise.all(processes.map((products) => products.get('1')))).toEqual(['old', 'old', 'old', 'old'])
      await clock.advance(50)
    }
    expect(loader.calls).toHaveLength(2)
    loader.last.resolve('new')
    await clock.advance(200)
    await Promise.all(processes.map((products) => products.get('1')))
    await settle()
    expect(await Promise.all(processes.map((products) => products.get('1')))).toEqual(['new', 'new', 'new', 'new'])
    expect(loader.calls).toHaveLength(2)
  })
})
