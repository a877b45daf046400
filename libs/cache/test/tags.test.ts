import { describe, expect, test, vi } from 'vitest'
import { FakeClock, type Hop, MemoryServer, MemoryTier, settle } from '../src/testing/testing.ts'
import { cacheFixture } from './cache-fixture.ts'
import { DeferredLoader } from './deferred-loader.ts'

interface Product {
  readonly n: number
  readonly brand: string
}

const ttl = { softTtl: '1m', hardTtl: '10m' } as const
const tags = (product: Product): string[] => [`brand:${product.brand}`]

/** One process with products of brands; the loader counts its calls into the values. */
function productsOf(options: Parameters<typeof cacheFixture>[0] = {}) {
  const fixture = cacheFixture(options)
  let n = 0
  const load = vi.fn((id: string): Product => ({ n: ++n, brand: id.slice(0, 1) }))
  return { ...fixture, load, products: fixture.cache.define({ name: 'product', load, tags, ...ttl }) }
}

/** Two processes over one server; `track`: they hear of changes. */
function twoProcesses(track = true) {
  const clock = new FakeClock()
  const server = new MemoryServer(clock)
  const tiers = [new MemoryTier(server), new MemoryTier(server)] as const
  const [a, b] = tiers.map((shared) => productsOf({ clock, shared }))
  if (track) for (const tier of tiers) tier.track()
  return { clock, server, tiers, a: a!, b: b! }
}

describe.each(['local only', 'over Redis'])('tags, %s', (kind) => {
  const one = (): ReturnType<typeof productsOf> => {
    const clock = new FakeClock()
    return productsOf(kind === 'local only' ? { clock } : { clock, shared: new MemoryTier(new MemoryServer(clock)) })
  }

  test('invalidating a tag ends the values that carry it and no others', async () => {
    const { cache, products, load } = one()
    await products.getMany(['a1', 'a2', 'b1'])
    await cache.invalidateTags(['brand:a'])
    expect(products.peek('a1')).toBeUndefined()
    expect(products.peek('b1')).toEqual({ n: 3, brand: 'b' })
    await products.getMany(['a1', 'a2', 'b1'])
    expect(load.mock.calls.map(([id]) => id)).toEqual(['a1', 'a2', 'b1', 'a1', 'a2'])
  })

  test('a value loaded after the invalidation is kept, though the clock stands still', async () => {
    const { cache, products, load } = one()
    await products.get('a1')
    await cache.invalidateTags(['brand:a'])
    await products.get('a1')
    await products.get('a1')
    await products.get('a1')
    expect(load).toHaveBeenCalledTimes(2)
  })

  test('after a soft invalidation the old value is served while one refresh runs, and when it fails', async () => {
    const { cache, products, load, clock } = one()
    await products.get('a1')
    await cache.invalidateTags(['brand:a'], { soft: true })
    load.mockImplementationOnce(() => {
      throw new Error('source is down')
    })
    expect(await Promise.all([products.get('a1'), products.get('a1')])).toEqual([{ n: 1, brand: 'a' }, { n: 1, brand: 'a' }])
    await settle()
    expect(load).toHaveBeenCalledTimes(2)
    await clock.advance(2_000)
    expect(await products.get('a1')).toEqual({ n: 1, brand: 'a' })
    await settle()
    expect(await products.get('a1')).toEqual({ n: 2, brand: 'a' })
    expect(load).toHaveBeenCalledTimes(3)
  })

  test('a hard invalidation after a soft one ends the stale value, also when the source fails', async () => {
    const { cache, products, load } = one()
    await products.get('a1')
    await cache.invalidateTags(['brand:a'], { soft: true })
    await cache.invalidateTags(['brand:a'])
    load.mockImplementation(() => {
      throw new Error('source is down')
    })
    await expect(products.get('a1')).rejects.toThrow('source is down')
  })

  test('a load that began before the invalidation of its tag is kept nowhere, although its tags were not known then', async () => {
    const { cache } = one()
    const loader = new DeferredLoader<Product>()
    const products = cache.define({ name: 'other', load: loader.load, tags, ...ttl })
    const before = products.get('a1')
    await settle()
    await cache.invalidateTags(['brand:a'])
    loader.last.resolve({ n: 1, brand: 'a' })
    expect(await before).toEqual({ n: 1, brand: 'a' })
    await settle()
    expect(products.peek('a1')).toBeUndefined()
    const after = products.get('a1')
    await settle()
    expect(loader.calls).toHaveLength(2)
    loader.last.resolve({ n: 2, brand: 'a' })
    expect(await after).toEqual({ n: 2, brand: 'a' })
  })

  test('who asks after the invalidation and joins the older load gets a newer value, if the value carries the tag', async () => {
    const { cache } = one()
    const loader = new DeferredLoader<Product>()
    const products = cache.define({ name: 'other', load: loader.load, tags, ...ttl })
    const before = [products.get('a1'), products.get('b1')]
    await settle()
    await cache.invalidateTags(['brand:a'])
    const after = [products.get('a1'), products.get('b1')]
    await settle()
    expect(loader.calls).toHaveLength(2)
    loader.calls[0]!.resolve({ n: 1, brand: 'a' })
    loader.calls[1]!.resolve({ n: 2, brand: 'b' })
    await settle()
    expect(loader.calls).toHaveLength(3)
    loader.calls[2]!.resolve({ n: 3, brand: 'a' })
    expect((await Promise.all([...before, ...after])).map(({ n }) => n)).toEqual([1, 2, 3, 2])
  })

  test('a refresh in background that began before the invalidation is not kept (FusionCache #628)', async () => {
    const { cache, clock } = one()
    const loader = new DeferredLoader<Product>()
    const products = cache.define({ name: 'other', load: loader.load, tags, ...ttl })
    const first = products.get('a1')
    await settle()
    loader.last.resolve({ n: 1, brand: 'a' })
    await first
    await clock.advance(60_000)
    expect(await products.get('a1')).toEqual({ n: 1, brand: 'a' })
    await settle()
    await cache.invalidateTags(['brand:a'])
    loader.last.resolve({ n: 2, brand: 'a' })
    await settle()
    const next = products.get('a1')
    await settle()
    expect(loader.calls).toHaveLength(3)
    loader.last.resolve({ n: 3, brand: 'a' })
    expect(await next).toEqual({ n: 3, brand: 'a' })
  })

  test('a written value carries its tags', async () => {
    const { cache, products, load } = one()
    await products.write('a1', { n: 100, brand: 'z' }, () => {})
    await cache.invalidateTags(['brand:z'])
    expect(await products.get('a1')).toEqual({ n: 1, brand: 'a' })
    expect(load).toHaveBeenCalledTimes(1)
  })
})

describe('tags between processes', () => {
  test('what one process invalidates is invalid in all, as soon as its message has come', async () => {
    const { clock, a, b } = twoProcesses()
    await a.products.get('a1')
    expect(await b.products.get('a1')).toEqual({ n: 1, brand: 'a' })
    await a.cache.invalidateTags(['brand:a'])
    await clock.advance(0)
    expect(await b.products.get('a1')).toEqual({ n: 1, brand: 'a' })
    expect(b.load).toHaveBeenCalledTimes(1)
    expect(await a.products.get('a1')).toEqual(await b.products.get('a1'))
  })

  test('without a channel an invalidation of a tag is seen within maxStaleness (FusionCache #573)', async () => {
    const { clock, a, b } = twoProcesses(false)
    await a.products.get('a1')
    await b.products.get('a1')
    await a.cache.invalidateTags(['brand:a'])
    await clock.advance(5_000)
    await b.products.get('a1')
    expect(b.load).toHaveBeenCalledTimes(1)
  })

  test('a load whose tag another process invalidates meanwhile may reach Redis, and is returned to nobody', async () => {
    const { clock, a, b, server } = twoProcesses()
    const loader = new DeferredLoader<Product>()
    const slow = a.cache.define({ name: 'slow', load: loader.load, tags, ...ttl })
    const before = slow.get('a1')
    await clock.advance(0)
    await b.cache.invalidateTags(['brand:a'])
    loader.last.resolve({ n: 1, brand: 'a' })
    await before
    const load = vi.fn(() => ({ n: 2, brand: 'a' }))
    expect(await b.cache.define({ name: 'slow', load, tags, ...ttl }).get('a1')).toEqual({ n: 2, brand: 'a' })
    expect(await slow.get('a1')).toEqual({ n: 2, brand: 'a' })
    expect(server.entry('slow:a1')).toBeDefined()
  })

  test('a hit of a tagged value asks Redis nothing while the channel is live', async () => {
    const { clock, tiers, a } = twoProcesses()
    await a.products.get('a1')
    await clock.advance(0)
    await a.products.get('a1')
    const read = vi.spyOn(tiers[0], 'read')
    const readMark = vi.spyOn(tiers[0], 'readMark')
    for (let i = 0; i < 10; i++) await a.products.get('a1')
    expect(read).not.toHaveBeenCalled()
    expect(readMark).not.toHaveBeenCalled()
  })

  test('an invalidation of another tag costs the copies of this one no question', async () => {
    const { clock, tiers, a } = twoProcesses()
    await a.products.getMany(['a1', 'b1'])
    await clock.advance(0)
    await a.products.getMany(['a1', 'b1'])
    await a.cache.invalidateTags(['brand:b'])
    await clock.advance(0)
    const read = vi.spyOn(tiers[0], 'read')
    expect(await a.products.get('a1')).toEqual({ n: 1, brand: 'a' })
    expect(read).not.toHaveBeenCalled()
  })

  test('an invalidation that is only heard of invalidates nothing again: no broadcast moves a mark (FusionCache #627)', async () => {
    const { clock, server, a, b } = twoProcesses()
    await a.cache.invalidateTags(['brand:a'])
    const mark = server.marks.get(':brand:a')
    await a.products.get('a1')
    await b.products.get('a1')
    await clock.advance(0)
    expect(server.marks.get(':brand:a')).toBe(mark)
    expect(b.load).not.toHaveBeenCalled()
  })

  test('while an invalidation of a tag has not reached Redis, this process returns no tagged value from before, and it lands in the end', async () => {
    const { clock, server, tiers, a, b } = twoProcesses()
    await a.products.get('a1')
    await a.products.get('a1')
    tiers[0].partitioned = true
    expect(await a.cache.invalidateTags(['brand:a'])).toBe('queued')
    tiers[0].partitioned = false
    // Redis answers again, and still has the old value.
    expect(await a.products.get('a1')).toEqual({ n: 2, brand: 'a' })
    expect(server.marks.size).toBe(0)
    tiers[0].replay()
    await clock.advance(0)
    expect(server.marks.size).toBe(1)
    await b.products.get('a1')
    expect(b.load).toHaveBeenCalledTimes(1)
    expect(await a.products.get('a1')).toEqual({ n: 1, brand: 'a' })
  })

  test('a local copy whose tag was invalidated is not served when Redis is lost afterwards', async () => {
    const { tiers, a, b } = twoProcesses()
    await a.products.get('a1')
    await a.products.get('a1')
    await a.cache.invalidateTags(['brand:a'])
    tiers[0].up = false
    a.load.mockImplementation(() => {
      throw new Error('source is down')
    })
    await expect(a.products.get('a1')).rejects.toThrow('source is down')
    expect(b.load).not.toHaveBeenCalled()
  })

  test('a value whose marks cannot be read is served as stale, and renewed', async () => {
    const clock = new FakeClock()
    const server = new MemoryServer(clock)
    await productsOf({ clock, shared: new MemoryTier(server) }).products.get('a1')
    const hops: Hop[] = []
    const tier = new MemoryTier(server, () => hops.shift() ?? { delivery: 'lost', outMs: 0, backMs: 0 })
    // The mark of the namespace and the entry are read, the mark of the tag is not.
    hops.push({ delivery: 'answered', outMs: 0, backMs: 0 }, { delivery: 'answered', outMs: 0, backMs: 0 })
    const { products, load } = productsOf({ clock, shared: tier })
    load.mockReturnValueOnce({ n: 7, brand: 'a' })
    expect(await products.get('a1')).toEqual({ n: 1, brand: 'a' })
    await clock.advance(0)
    expect(load).toHaveBeenCalledTimes(1)
    expect(await products.get('a1')).toEqual({ n: 7, brand: 'a' })
  })
})

describe('the lists of tags', () => {
  test.each([[['']], [['a\0b']], [['x'.repeat(257)]], [['\ud800']], [Array.from({ length: 65 }, (_, i) => `t${i}`)]])('refuses %j with TAGS_INVALID', async (list) => {
    const { cache } = cacheFixture()
    await expect(cache.invalidateTags(list)).rejects.toMatchObject({ code: 'TAGS_INVALID' })
    const products = cache.define({ name: 'product', load: () => 'v', tags: () => list, ...ttl })
    await expect(products.get('1')).rejects.toMatchObject({ code: 'TAGS_INVALID' })
  })

  test('a write whose tags are refused does not touch the source', async () => {
    const { cache } = cacheFixture()
    const persist = vi.fn<() => void>()
    const products = cache.define({ name: 'product', load: () => 'v', tags: () => [''], ...ttl })
    await expect(products.write('1', 'w', persist)).rejects.toMatchObject({ code: 'TAGS_INVALID' })
    expect(persist).not.toHaveBeenCalled()
  })

  test('a value with tags lives no longer than invalidations are remembered', async () => {
    const clock = new FakeClock()
    const server = new MemoryServer(clock)
    const { cache } = cacheFixture({ clock, shared: new MemoryTier(server), maxTaggedTtl: '1h' })
    await cache.define({ name: 'product', load: (_id: string, { set }) => (set({ tags: ['t'] }), 'v'), softTtl: '1m', hardTtl: '2h' }).get('1')
    expect(server.entries.get('product:1')!.until - clock.now()).toBe(3_600_000)
    expect(() => cache.define({ name: 'tagged', load: () => 'v', tags: () => [], softTtl: '1m', hardTtl: '2h' })).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
  })
})
