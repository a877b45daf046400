import { describe, expect, test, vi } from 'vitest'
import { FakeClock, MemoryServer, MemoryTier, settle } from '../src/testing/testing.ts'
import { cacheFixture } from './cache-fixture.ts'
import { DeferredLoader } from './deferred-loader.ts'

const ttl = { softTtl: '1m', hardTtl: '10m' } as const

/** A process with the definition `product` in the cache itself and in two tenants, one within the other. */
function tenants(options: Parameters<typeof cacheFixture>[0] = {}) {
  const { cache, clock } = cacheFixture(options)
  const load = vi.fn((id: string) => `${id} ${load.mock.calls.length}`)
  const a = cache.namespace('tenant-a')
  const products = [cache, a, a.namespace('eu'), cache.namespace('tenant-b')].map((namespace) => namespace.define<string>({ name: 'product', load, tags: () => ['all'], ...ttl }))
  const [root, inA, inEu, inB] = [products[0]!, products[1]!, products[2]!, products[3]!]
  return { cache, a, clock, load, root, inA, inEu, inB, all: () => Promise.all(products.map((definition) => definition.get('1'))) }
}

describe.each(['local only', 'over Redis'])('namespaces, %s', (kind) => {
  const one = (): ReturnType<typeof tenants> => {
    const clock = new FakeClock()
    return tenants(kind === 'local only' ? { clock } : { clock, shared: new MemoryTier(new MemoryServer(clock)) })
  }

  test('keep their values apart', async () => {
    const { all, cache, load } = one()
    expect(new Set(await all()).size).toBe(4)
    expect(Object.keys(cache.stats().definitions)).toEqual(['product', 'tenant-a/product', 'tenant-a/eu/product', 'tenant-b/product'])
    expect(await all()).toEqual(load.mock.results.map(({ value }) => value as unknown))
  })

  test('clearing one ends its values and those within it, and no others', async () => {
    const { all, a, load } = one()
    const before = await all()
    expect(await a.clear()).toBe(kind === 'local only' ? 'local' : 'deleted')
    const after = await all()
    expect(after.map((value, i) => value === before[i])).toEqual([true, false, false, true])
    expect(load).toHaveBeenCalledTimes(6)
  })

  test('clearing the cache ends all values, those without tags included', async () => {
    const { all, cache, load } = one()
    await all()
    await cache.getOrLoad('report', () => load('report'), ttl)
    await cache.clear()
    expect(Object.values(cache.stats().definitions).map(({ localItems }) => localItems)).toEqual([0, 0, 0, 0, 0])
    await all()
    await cache.getOrLoad('report', () => load('report'), ttl)
    expect(load).toHaveBeenCalledTimes(10)
  })

  test('a soft clear lets the old values be served as stale while each is renewed', async () => {
    const { all, cache, load } = one()
    const before = await all()
    await cache.clear({ soft: true })
    expect(await all()).toEqual(before)
    await settle()
    expect(load).toHaveBeenCalledTimes(8)
    expect((await all()).some((value) => before.includes(value))).toBe(false)
  })

  test('a hard clear bars the old value everywhere, also when the source fails (FusionCache #648)', async () => {
    const { root, cache, load } = one()
    await root.get('1')
    await cache.clear({ soft: true })
    await cache.clear()
    load.mockImplementation(() => {
      throw new Error('source is down')
    })
    await expect(root.get('1')).rejects.toThrow('source is down')
  })

  test('a load that began before a clear is not kept, and who asks after it does not get its value', async () => {
    const { cache } = one()
    const loader = new DeferredLoader<string>()
    const slow = cache.define({ name: 'slow', load: loader.load, ...ttl })
    const before = slow.get('1')
    await settle()
    await cache.clear()
    const after = slow.get('1')
    await settle()
    for (const [i, call] of loader.calls.entries()) call.resolve(`load ${i}`)
    await settle()
    for (const [i, call] of loader.calls.entries()) call.resolve(`load ${i}`)
    expect(await before).toBe('load 0')
    expect(await after).toBe('load 1')
    expect(await slow.get('1')).toBe('load 1')
  })

  test('tags belong to their namespace', async () => {
    const { all, a, load } = one()
    await all()
    await a.invalidateTags(['all'])
    await all()
    expect(load).toHaveBeenCalledTimes(5)
  })
})

test('one process clears, and all others hear of it', async () => {
  const clock = new FakeClock()
  const server = new MemoryServer(clock)
  const [one, two] = [0, 1].map(() => {
    const shared = new MemoryTier(server)
    const fixture = tenants({ clock, shared })
    shared.track()
    return fixture
  })
  await one!.all()
  await clock.advance(0)
  await two!.all()
  expect(two!.load).not.toHaveBeenCalled()
  await one!.cache.clear()
  await clock.advance(0)
  await two!.all()
  expect(two!.load).toHaveBeenCalledTimes(4)
})

test('a clear that has not reached Redis counts in this process at once, and for what Redis says, until it lands', async () => {
  const clock = new FakeClock()
  const server = new MemoryServer(clock)
  const shared = new MemoryTier(server)
  const { root, cache, load } = tenants({ clock, shared })
  await root.get('1')
  shared.partitioned = true
  expect(await cache.clear()).toBe('queued')
  shared.partitioned = false
  expect(await root.get('1')).toBe('1 2')
  shared.replay()
  expect(await root.get('1')).toBe('1 2')
  expect(load).toHaveBeenCalledTimes(2)
  const other = tenants({ clock, shared: new MemoryTier(server) })
  await other.root.get('1')
  expect(other.load).toHaveBeenCalledTimes(1)
})

test('a namespace is one object for each name, shares the limits of loads, and refuses names that would run into others', async () => {
  const { cache } = cacheFixture({ loads: { maxConcurrent: 1 } })
  expect(cache.namespace('a')).toBe(cache.namespace('a'))
  for (const name of ['', 'a/b', 'a:b', 'x'.repeat(65)]) expect(() => cache.namespace(name)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
  const loader = new DeferredLoader<string>()
  const answers = ['a', 'b'].map((tenant) => cache.namespace(tenant).define({ name: 'product', load: loader.load, ...ttl }).get('1'))
  await settle()
  expect(loader.calls).toHaveLength(1)
  loader.last.resolve('first')
  await settle()
  loader.last.resolve('second')
  expect(await Promise.all(answers)).toEqual(['first', 'second'])
})
