import fc from 'fast-check'
import { expect, test } from 'vitest'
import { earlyWindowMs, refreshesEarly } from '../src/entry/early-refresh.ts'
import { cacheFixture } from './cache-fixture.ts'
import { DeferredLoader } from './deferred-loader.ts'
import { FakeClock, MemoryServer, MemoryTier, seededRandom } from '../src/testing/testing.ts'

const DRAWS = 4_000
/** The luckiest draw: a refresh whenever one is possible. */
const eager = (): number => 1 - 2 ** -53
const policy = { softTtl: '1m', hardTtl: '1h', jitter: 0 } as const

test('the share of requests that refresh is exp(-gap / (beta x cost))', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: 60_000 }), fc.double({ min: 0.1, max: 10, noNaN: true }), fc.double({ min: 0, max: 6, noNaN: true }), (seed, costMs, beta, costs) => {
      const random = seededRandom(seed)
      const softAt = 1_700_000_000_000
      const gapMs = Math.round(costs * beta * costMs)
      let refreshes = 0
      for (let i = 0; i < DRAWS; i++) if (refreshesEarly(softAt - gapMs, softAt, costMs, beta, random)) refreshes++
      const share = Math.exp(-gapMs / (beta * costMs))
      // Six standard deviations, and one draw for the extremes.
      expect(Math.abs(refreshes - DRAWS * share)).toBeLessThanOrEqual(6 * Math.sqrt(DRAWS * share * (1 - share)) + 1)
    }),
    { numRuns: 200 },
  )
})

test('the window never exceeds a quarter of the lifetime, and outside of it hardly any request would refresh', () => {
  fc.assert(
    fc.property(fc.nat(1_000_000), fc.double({ min: 0, max: 100, noNaN: true }), fc.integer({ min: 1, max: 86_400_000 }), (deltaMs, beta, softTtlMs) => {
      const windowMs = earlyWindowMs({ value: 'v', deltaMs, softTtlMs }, beta)
      expect(windowMs).toBeLessThanOrEqual(softTtlMs / 4)
      expect(windowMs === softTtlMs / 4 || beta * deltaMs === 0 || Math.exp(-windowMs / (beta * deltaMs)) < 1e-8).toBe(true)
    }),
  )
})

/** A value in both tiers of one process whose load took a second, and another process that has not asked yet. */
async function dearValue(options: { random?: () => number; beta?: number } = {}) {
  const clock = new FakeClock()
  const server = new MemoryServer(clock)
  const loader = new DeferredLoader<string | null>()
  const { beta, random = eager } = options
  const caches = [0, 1].map(() => cacheFixture({ clock, shared: new MemoryTier(server), local: { maxStaleness: '1h' }, random }).cache)
  const [a, b] = caches.map((cache) => cache.define({ name: 'product', load: loader.load, ...policy, ...(beta !== undefined && { beta }) }))
  const first = a!.get('1')
  await clock.advance(1_000)
  loader.last.resolve('old')
  await first
  return { clock, server, loader, caches, a: a!, b: b! }
}

test('a value that will be stale soon is returned at once while it is renewed', async () => {
  const { clock, loader, caches, a } = await dearValue()
  await clock.advance(58_000)
  expect(await a.get('1')).toBe('old')
  await clock.advance(0)
  expect(loader.calls).toHaveLength(2)
  expect(loader.last.context.reason).toBe('early')
  expect(caches[0]!.stats().definitions['product']).toMatchObject({ localFresh: 1, localStale: 0, refreshes: 1, earlyRefreshes: 1 })
  loader.last.resolve('new')
  await clock.advance(0)
  expect(await a.get('1')).toBe('new')
})

test('the synchronous reading still has a value that may be refreshed early', async () => {
  const { clock, a } = await dearValue()
  await clock.advance(58_000)
  expect(a.peek('1')).toBe('old')
})

test('a process that never loaded the key knows its cost from the entry', async () => {
  const { clock, loader, b } = await dearValue()
  await clock.advance(58_000)
  expect(await b.get('1')).toBe('old')
  await clock.advance(0)
  expect(loader.calls).toHaveLength(2)
})

test('of all who want to refresh early only the holder of the lease loads', async () => {
  const { clock, loader, a, b, caches } = await dearValue()
  await clock.advance(58_000)
  await Promise.all([a, b, a, b].map((products) => products.get('1')))
  await clock.advance(500)
  await Promise.all([a, b, a, b].map((products) => products.get('1')))
  await clock.advance(0)
  expect(loader.calls).toHaveLength(2)
  expect(caches[1]!.stats().definitions['product']!.loads).toBe(0)
})

test.each([
  ['earlier than a quarter of its lifetime before', { beta: 100 }, 43_900],
  ['when it is switched off', { beta: 0 }, 58_999],
  ['without luck', { random: () => 0 }, 58_900],
])('a fresh value is not renewed %s', async (_name, options, afterMs) => {
  const { clock, loader, a } = await dearValue(options)
  await clock.advance(afterMs)
  await a.get('1')
  await clock.advance(0)
  expect(loader.calls).toHaveLength(1)
})

test('an absence is not renewed early', async () => {
  const clock = new FakeClock()
  const loader = new DeferredLoader<string | null>()
  const { cache } = cacheFixture({ clock, random: eager })
  const products = cache.define({ name: 'product', load: loader.load, ...policy })
  const first = products.get('1')
  await clock.advance(1_000)
  loader.last.resolve(null)
  await first
  await clock.advance(3_900)
  expect(await products.get('1')).toBeNull()
  expect(loader.calls).toHaveLength(1)
})

test('a refresh that fails early leaves the fresh value and waits before the next try', async () => {
  const { clock, loader, a } = await dearValue()
  await clock.advance(57_000)
  await a.get('1')
  await clock.advance(0)
  loader.last.reject(new Error('source is down'))
  await clock.advance(1_000)
  expect(await a.get('1')).toBe('old')
  expect(loader.calls).toHaveLength(2)
})

test('the cost of a key is smoothed over its loads', async () => {
  const { clock, loader, server, a } = await dearValue()
  await clock.advance(58_000)
  await a.get('1')
  await clock.advance(2_000)
  loader.last.resolve('new')
  await clock.advance(0)
  // 1000 + 0.3 x (2000 - 1000); the cost lies at byte 18.
  expect(server.entry('product:1')!.readUInt32BE(18)).toBe(1_300)
})

test('a written value keeps the cost that loads of the key had, not the time that persist took', async () => {
  const { clock, server, a } = await dearValue()
  const writing = a.write('1', 'written', () => new Promise<void>((resolve) => void clock.setTimer(resolve, 1_500)))
  await clock.advance(1_500)
  expect(await writing).toBe('stored')
  expect(server.entry('product:1')!.readUInt32BE(18)).toBe(1_000)
})
