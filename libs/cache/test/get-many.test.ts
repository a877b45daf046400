import { expect, test, vi } from 'vitest'
import type { CacheError } from '../src/errors.ts'
import { cacheFixture } from './cache-fixture.ts'
import { DeferredLoader } from './deferred-loader.ts'
import { FakeClock, settle, MemoryServer, MemoryTier } from '../src/testing/testing.ts'

const ttl = { softTtl: '1m', hardTtl: '10m' } as const
const upper = (ids: readonly string[]): Map<string, string> => new Map(ids.map((id) => [id, id.toUpperCase()]))

test('without loadMany each id is loaded on its own, once', async () => {
  const { cache } = cacheFixture()
  const load = vi.fn((id: string) => id.toUpperCase())
  const products = cache.define({ name: 'product', load, ...ttl })
  expect([...(await products.getMany(['b', 'a', 'b']))]).toEqual([
    ['b', 'B'],
    ['a', 'A'],
  ])
  expect(load).toHaveBeenCalledTimes(2)
})

test.each(['local only', 'with Redis'])('loadMany is called once for all missing ids, and each record is cached on its own (%s)', async (kind) => {
  const clock = new FakeClock()
  const { cache } = cacheFixture(kind === 'local only' ? { clock } : { clock, shared: new MemoryTier(new MemoryServer(clock)) })
  const load = vi.fn((id: string) => `${id} alone`)
  const loadMany = vi.fn(upper)
  const products = cache.define({ name: 'product', load, loadMany, ...ttl })
  await products.get('a')
  const ids = ['a', ...Array.from({ length: 200 }, (_, i) => `x${i}`)]
  const values = await products.getMany(ids)
  expect([...values.keys()]).toEqual(ids)
  expect(values.get('a')).toBe('a alone')
  expect(values.get('x7')).toBe('X7')
  expect(loadMany).toHaveBeenCalledTimes(1)
  expect(loadMany.mock.calls[0]![0]).toEqual(ids.slice(1))
  expect(await products.get('x7')).toBe('X7')
  expect(load).toHaveBeenCalledTimes(1)
})

test('an id that another caller or another process is loading does not hold up the batch and is not loaded twice', async () => {
  const clock = new FakeClock()
  const server = new MemoryServer(clock)
  const elsewhere = new DeferredLoader<string>()
  const loader = new DeferredLoader<string>()
  const loadMany = vi.fn(upper)
  const other = cacheFixture({ clock, shared: new MemoryTier(server) }).cache.define({ name: 'product', load: elsewhere.load, ...ttl })
  const products = cacheFixture({ clock, shared: new MemoryTier(server) }).cache.define({ name: 'product', load: loader.load, loadMany, ...ttl })
  const answers = [other.get('remote'), products.get('here')]
  await settle()
  const many = products.getMany(['remote', 'here', 'c', 'd'])
  await settle()
  expect(loadMany.mock.calls.map(([ids]) => ids)).toEqual([['c', 'd']])
  elsewhere.last.resolve('R')
  loader.last.resolve('H')
  await clock.advance(500)
  await Promise.all(answers)
  expect([...(await many).values()]).toEqual(['R', 'H', 'C', 'D'])
  expect(loadMany).toHaveBeenCalledTimes(1)
  expect(loader.calls).toHaveLength(1)
})

test('ids that loadMany leaves out are not in the answer and are not cached; null is', async () => {
  const { cache } = cacheFixture()
  const loadMany = vi.fn((ids: readonly string[]): Map<string, string | null> => new Map(ids.filter((id) => id !== 'unknown').map((id) => [id, id === 'gone' ? null : id])))
  const products = cache.define<string | null>({ name: 'product', load: (id) => id, loadMany, ...ttl })
  expect([...(await products.getMany(['a', 'unknown', 'gone']))]).toEqual([
    ['a', 'a'],
    ['gone', null],
  ])
  await products.getMany(['a', 'unknown', 'gone'])
  expect(loadMany.mock.calls.map(([ids]) => ids)).toEqual([['a', 'unknown', 'gone'], ['unknown']])
})

test('a failing loadMany fails its ids with one error and frees their leases', async () => {
  const clock = new FakeClock()
  const server = new MemoryServer(clock)
  const error = new Error('source is down')
  const loadMany = vi.fn<(ids: readonly string[]) => Promise<Map<string, string>>>().mockRejectedValueOnce(error).mockImplementation((ids) => Promise.resolve(upper(ids)))
  const products = cacheFixture({ clock, shared: new MemoryTier(server) }).cache.define({ name: 'product', load: (id: string) => id, loadMany, ...ttl })
  await expect(products.getMany(['a', 'b'])).rejects.toBe(error)
  await settle()
  expect(server.leases.size).toBe(0)
  expect([...(await products.getMany(['a', 'b'])).values()]).toEqual(['A', 'B'])
})

test('stale values are returned at once and refreshed with one loadMany', async () => {
  const { cache, clock } = cacheFixture()
  const loadMany = vi.fn(upper)
  const products = cache.define({ name: 'product', load: (id: string) => id, loadMany, ...ttl })
  await products.getMany(['a', 'b'])
  await clock.advance(60_000)
  expect([...(await products.getMany(['a', 'b'])).values()]).toEqual(['A', 'B'])
  await settle()
  expect(loadMany.mock.calls.map(([ids]) => ids)).toEqual([
    ['a', 'b'],
    ['a', 'b'],
  ])
})

test('a loadMany that does not return a Map is told so', async () => {
  const { cache } = cacheFixture()
  const rows = JSON.parse('[{"id":"a"}]') as ReadonlyMap<string, string>
  const products = cache.define({ name: 'product', load: (id: string) => id, loadMany: () => rows, ...ttl })
  await expect(products.getMany(['a'])).rejects.toMatchObject({ code: 'LOAD_MANY_INVALID' } satisfies Partial<CacheError>)
})

test('an empty list of ids asks nobody', async () => {
  const { cache } = cacheFixture()
  const loadMany = vi.fn(upper)
  const products = cache.define({ name: 'product', load: (id: string) => id, loadMany, ...ttl })
  expect((await products.getMany([])).size).toBe(0)
  expect(loadMany).not.toHaveBeenCalled()
})
