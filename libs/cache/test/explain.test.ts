import { expect, test } from 'vitest'
import type { Definition } from '../src/definition.ts'
import { FakeClock, MemoryServer, MemoryTier } from '../src/testing/testing.ts'
import { cacheFixture } from './cache-fixture.ts'
import { DeferredLoader } from './deferred-loader.ts'

type Product = string | null

function processes(): { clock: FakeClock; server: MemoryServer; tiers: MemoryTier[]; products: Definition<Product>[]; caches: ReturnType<typeof cacheFixture>['cache'][] } {
  const clock = new FakeClock()
  const server = new MemoryServer(clock)
  const tiers = [new MemoryTier(server), new MemoryTier(server)]
  const caches = tiers.map((shared) => cacheFixture({ clock, shared, local: { maxStaleness: '5s' } }).cache)
  const products = caches.map((cache) => cache.define<Product>({ name: 'product', load: (id) => (id === 'gone' ? null : id), softTtl: '1m', hardTtl: '1h', negativeTtl: '5s', tags: () => ['all'] }))
  return { clock, server, tiers, products, caches }
}

test('before the first load nothing is held and get would load', async () => {
  const { products } = processes()
  expect(await products[0]!.explain('1')).toMatchObject({ answer: 'load', local: undefined, redis: undefined, redisState: 'empty', leased: false, loading: false, why: 'no local copy; no entry in Redis' })
})

test('a fresh local copy answers, with its age and its tags, and asking changes nothing', async () => {
  const { clock, products } = processes()
  await products[0]!.get('1')
  await clock.advance(2_000)
  const explanation = await products[0]!.explain('1')
  expect(explanation).toMatchObject({ answer: 'local', redisState: 'held', local: { state: 'fresh', ageMs: 2_000, freshForMs: 58_000, tags: ['all'], marks: 'valid' }, redis: { state: 'fresh', marks: 'valid' } })
  expect(await products[0]!.explain('1')).toEqual(explanation)
})

test('another process would be answered by Redis', async () => {
  const { products } = processes()
  await products[0]!.get('1')
  expect(await products[1]!.explain('1')).toMatchObject({ answer: 'redis', local: undefined, redis: { state: 'fresh' } })
})

test('it says by what a value is stale: age, expire, or a tag', async () => {
  const { clock, products, caches } = processes()
  await Promise.all(['aged', 'expired'].map((id) => products[0]!.get(id)))
  await products[0]!.expire('expired')
  expect((await products[1]!.explain('expired')).why).toContain('stale, by expire')
  await clock.advance(61_000)
  expect((await products[1]!.explain('aged')).why).toContain('stale, by its age')
  await products[0]!.get('tagged')
  await clock.advance(1)
  await caches[0]!.invalidateTags(['all'], { soft: true })
  expect((await products[1]!.explain('tagged')).why).toContain('stale, by a tag')
})

test('what a tag has ended is invalidated and would be loaded', async () => {
  const { products, caches } = processes()
  await products[0]!.get('1')
  await caches[1]!.invalidateTags(['all'])
  expect(await products[1]!.explain('1')).toMatchObject({ answer: 'load', redis: { state: 'invalidated', marks: 'hard' } })
})

test('an absence is negative', async () => {
  const { products } = processes()
  await products[0]!.get('gone')
  expect(await products[0]!.explain('gone')).toMatchObject({ answer: 'local', local: { state: 'negative' } })
})

test('a load under way and its lease are seen, by this process and by others', async () => {
  const clock = new FakeClock()
  const server = new MemoryServer(clock)
  const loader = new DeferredLoader<string>()
  const [products, others] = [0, 1].map(() => cacheFixture({ clock, shared: new MemoryTier(server) }).cache.define({ name: 'product', load: loader.load, softTtl: '1m', hardTtl: '1h' }))
  void products!.get('1').catch(() => {})
  await clock.advance(1)
  expect(await products!.explain('1')).toMatchObject({ answer: 'join', loading: true, leased: true })
  expect(await others!.explain('1')).toMatchObject({ answer: 'load', loading: false, leased: true })
})

test('with Redis away it answers all the same, and an old copy would be served as stale', async () => {
  const { clock, tiers, products } = processes()
  await products[0]!.get('1')
  await clock.advance(10_000)
  tiers[0]!.up = false
  expect(await products[0]!.explain('1')).toMatchObject({ answer: 'local', redisState: 'unavailable', leased: undefined, local: { state: 'unconfirmed' } })
  expect(await products[0]!.explain('2')).toMatchObject({ answer: 'load', redisState: 'unavailable' })
})

test('bytes that are no entry are unusable', async () => {
  const { server, products } = processes()
  server.set('product:1', Buffer.from('not an entry'), 60_000)
  expect(await products[0]!.explain('1')).toMatchObject({ answer: 'load', redisState: 'unusable' })
})

test('a closed cache answers nothing, and says so', async () => {
  const { products, caches } = processes()
  await caches[0]!.close()
  expect(await products[0]!.explain('1')).toMatchObject({ answer: 'none', why: 'the cache is closed' })
})
