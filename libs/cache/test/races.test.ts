import { expect, test } from 'vitest'
import { FakeClock, type Hop, MemoryServer, MemoryTier } from '../src/testing/testing.ts'
import { cacheFixture } from './cache-fixture.ts'
import { DeferredLoader } from './deferred-loader.ts'

const ttl = { softTtl: '1m', hardTtl: '10m', jitter: 0, loadTimeout: '1h' } as const
const straight: Hop = { delivery: 'answered', outMs: 0, backMs: 0 }
const lost: Hop = { delivery: 'lost', outMs: 0, backMs: 0 }

/** One process whose commands take the way that the test sets, with a live channel. */
function oneProcess() {
  const clock = new FakeClock()
  const server = new MemoryServer(clock)
  const network: { hop: Hop } = { hop: straight }
  const tier = new MemoryTier(server, () => network.hop)
  const loader = new DeferredLoader<string>()
  const { cache } = cacheFixture({ clock, shared: tier, local: { maxStaleness: '10m' } })
  tier.track()
  return { clock, server, network, tier, loader, products: cache.define({ name: 'product', load: loader.load, ...ttl }) }
}

/** One process that has stored `old` with a tag; commands take the ways in `hops`, then the straight one. */
async function oneTaggedEntry() {
  const clock = new FakeClock()
  const server = new MemoryServer(clock)
  const hops: Hop[] = []
  const tier = new MemoryTier(server, () => hops.shift() ?? straight)
  const loader = new DeferredLoader<string>()
  const { cache } = cacheFixture({ clock, shared: tier })
  const products = cache.define({ name: 'product', load: loader.load, tags: () => ['all'], ...ttl })
  const first = products.get('1')
  await clock.advance(0)
  loader.last.resolve('old')
  await first
  return { clock, server, hops, tier, loader, cache, products }
}

test('an invalidation also reaches a load whose value is on its way to Redis', async () => {
  const { clock, network, tier, loader, products } = oneProcess()
  const reading = products.get('1')
  await clock.advance(0)
  // The store arrives and is heard of; its answer is lost.
  network.hop = { delivery: 'answer-lost', outMs: 0, backMs: 100 }
  loader.last.resolve('old')
  await clock.advance(50)
  network.hop = straight
  expect(await products.invalidate('1')).toBe('deleted')
  await clock.advance(300)
  expect(await reading).toBe('old')
  tier.up = false
  const after = products.get('1')
  await clock.advance(0)
  expect(loader.calls).toHaveLength(2)
  loader.last.resolve('new')
  expect(await after).toBe('new')
})

test('who asks after the channel is back does not join a load from before', async () => {
  const { clock, server, tier, loader, products } = oneProcess()
  const before = products.get('1')
  await clock.advance(0)
  await tier.cut()
  server.invalidate('product:1')
  tier.track()
  const after = products.get('1')
  await clock.advance(0)
  expect(loader.calls).toHaveLength(2)
  loader.calls[0]!.resolve('old')
  loader.calls[1]!.resolve('new')
  expect([await before, await after]).toEqual(['old', 'new'])
})

test('what Redis was asked for before the channel was back is read once more', async () => {
  const { clock, server, network, tier, loader, products } = oneProcess()
  const first = products.get('1')
  await clock.advance(0)
  loader.last.resolve('old')
  await first
  await tier.cut()
  network.hop = { delivery: 'answered', outMs: 0, backMs: 50 }
  const before = products.get('1')
  await clock.advance(10)
  server.invalidate('product:1')
  tier.track()
  await clock.advance(40)
  expect(await before).toBe('old')
  expect(products.peek('1')).toBeUndefined()
})

test('a stale copy that expired while Redis was waited for is not returned', async () => {
  const { clock, network, tier, loader, products } = oneProcess()
  const first = products.get('1')
  await clock.advance(0)
  loader.last.resolve('old')
  await first
  await clock.advance(10 * 60_000 - 100)
  await tier.cut()
  network.hop = { delivery: 'lost', outMs: 300, backMs: 0 }
  const reading = products.get('1')
  await clock.advance(250)
  network.hop = straight
  loader.last.resolve('new')
  expect(await reading).toBe('new')
})

test('what this process invalidated by its tag is not returned from Redis while nobody can tell whether the mark counts', async () => {
  const { clock, hops, tier, loader, cache, products } = await oneTaggedEntry()
  // The mark arrives with the next attempt, so Redis's time of it is not known here.
  hops.push(lost)
  expect(await cache.invalidateTags(['all'])).toBe('queued')
  tier.replay()
  await clock.advance(10)
  // The namespace's mark and the entry are read; the tag's mark cannot be.
  hops.push(straight, straight, lost, lost)
  const after = products.get('1')
  await clock.advance(0)
  expect(loader.calls).toHaveLength(2)
  loader.last.resolve('new')
  expect(await after).toBe('new')
})

test('what this process invalidated by its tag is not returned when Redis has lost the mark before its time was known', async () => {
  const { clock, server, hops, tier, loader, cache, products } = await oneTaggedEntry()
  hops.push(lost)
  expect(await cache.invalidateTags(['all'])).toBe('queued')
  tier.replay()
  server.marks.clear()
  await clock.advance(10)
  const after = products.get('1')
  await clock.advance(0)
  expect(loader.calls).toHaveLength(2)
  loader.last.resolve('new')
  expect(await after).toBe('new')
  expect(server.marks.size).toBe(1)
})

test.each([
  ['tag', 'invalidateTags', ['all']],
  ['namespace', 'clear', undefined],
] as const)('what another process invalidated by its %s is not returned when Redis loses the mark between the reading of the entry and that of the mark', async (_by, invalidate, tags) => {
  const { clock, server, loader, cache } = await oneTaggedEntry()
  expect(await cache[invalidate](tags as never)).toBe('deleted')
  const hops: Hop[] = []
  const products = cacheFixture({ clock, shared: new MemoryTier(server, () => hops.shift() ?? straight) }).cache.define({ name: 'product', load: loader.load, tags: () => ['all'], ...ttl })
  // The namespace's mark is read before or not at all, the entry at once, the mark that counts once Redis has restarted.
  hops.push(tags === undefined ? lost : straight, straight, { delivery: 'answered', outMs: 50, backMs: 0 })
  const after = products.get('1')
  await clock.advance(10)
  server.lose()
  await clock.advance(50)
  expect(loader.calls).toHaveLength(2)
  loader.last.resolve('new')
  expect(await after).toBe('new')
  expect(products.peek('1')).toBe('new')
})

test('what is loaded into a Redis that has lost its data is believed by who finds no marks there', async () => {
  const { clock, server, loader } = await oneTaggedEntry()
  server.lose()
  const [first, second] = [1, 2].map(() => cacheFixture({ clock, shared: new MemoryTier(server) }).cache.define({ name: 'product', load: loader.load, tags: () => ['all'], ...ttl }))
  const loading = first!.get('1')
  await clock.advance(10)
  loader.last.resolve('new')
  expect(await loading).toBe('new')
  const found = second!.get('1')
  await clock.advance(10)
  expect(loader.calls).toHaveLength(2)
  expect(await found).toBe('new')
})

test('an entry that expired while the marks of its tags were read is not returned', async () => {
  const clock = new FakeClock()
  const server = new MemoryServer(clock)
  const hops: Hop[] = []
  const loader = new DeferredLoader<string>()
  const process = () => cacheFixture({ clock, shared: new MemoryTier(server, () => hops.shift() ?? straight) }).cache.define({ name: 'product', load: loader.load, tags: () => ['all'], ...ttl })
  const first = process().get('1')
  await clock.advance(0)
  loader.last.resolve('old')
  await first
  const products = process()
  await clock.advance(10 * 60_000 - 100)
  // The namespace's mark and the entry come at once, the tag's mark after the hard expiry.
  hops.push(straight, straight, { delivery: 'answered', outMs: 100, backMs: 100 })
  const after = products.get('1')
  await clock.advance(300)
  expect(loader.calls).toHaveLength(2)
  loader.last.resolve('new')
  expect(await after).toBe('new')
})

test('who asks after a change does not get the old value of a refresh that began before it and came to nothing', async () => {
  const { clock, server, network, loader, products } = oneProcess()
  const first = products.get('1')
  await clock.advance(0)
  loader.last.resolve('old')
  await first
  await clock.advance(0)
  await products.get('1')
  await clock.advance(60_000)
  // The refresh asks for the lease, which another process takes to write what is newer.
  network.hop = { delivery: 'answered', outMs: 50, backMs: 50 }
  const stale = products.get('1')
  await clock.advance(10)
  server.invalidate('product:1')
  const other = new MemoryTier(server)
  await other.beginWrite('product:1', 'token of the other')
  await clock.advance(10)
  network.hop = straight
  let answered: string | undefined
  const after = products.get('1').then((value) => (answered = value))
  await clock.advance(100)
  expect([await stale, answered]).toEqual(['old', undefined])
  await other.delete('product:1')
  await clock.advance(10)
  loader.last.resolve('new')
  expect(await after).toBe('new')
})
