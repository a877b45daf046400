import { expect, test, vi } from 'vitest'
import { cacheFixture } from './cache-fixture.ts'
import { DeferredLoader } from './deferred-loader.ts'
import { FakeClock, settle, MemoryServer, MemoryTier } from '../src/testing/testing.ts'

const ttl = { softTtl: '10m', hardTtl: '1h', jitter: 0 } as const
const KEY = 'product:1'

/** Two processes over one server, both with a live channel; maxStaleness is 1 s. */
function twoProcesses() {
  const clock = new FakeClock()
  const server = new MemoryServer(clock)
  const tiers = [new MemoryTier(server), new MemoryTier(server)] as const
  const loader = new DeferredLoader<string>()
  const caches = tiers.map((shared) => cacheFixture({ clock, shared, local: { maxStaleness: '1s' } }).cache)
  const [a, b] = caches.map((cache) => cache.define({ name: 'product', load: loader.load, ...ttl }))
  for (const tier of tiers) tier.track()
  return { clock, server, tiers, loader, caches, a: a!, b: b! }
}

/** As {@link twoProcesses}, with `old` in Redis and in both local tiers. */
async function twoProcessesWithCopies() {
  const fixture = twoProcesses()
  const { a, b, loader, clock } = fixture
  const first = a.get('1')
  await clock.advance(0)
  loader.last.resolve('old')
  await first
  await clock.advance(0)
  expect(await a.get('1')).toBe('old')
  expect(await b.get('1')).toBe('old')
  expect([a.peek('1'), b.peek('1')]).toEqual(['old', 'old'])
  return fixture
}

test('while changes are heard a local copy is used long after maxStaleness', async () => {
  const { clock, a, tiers } = await twoProcessesWithCopies()
  const read = vi.spyOn(tiers[0], 'read')
  await clock.advance(300_000)
  expect(await a.get('1')).toBe('old')
  expect(read).not.toHaveBeenCalled()
})

test('a key deleted by a stranger is gone from every local tier', async () => {
  const { clock, server, a, b } = await twoProcessesWithCopies()
  server.delete(KEY)
  await clock.advance(0)
  expect([a.peek('1'), b.peek('1')]).toEqual([undefined, undefined])
})

test('when everything is deleted no local copy stays', async () => {
  const { clock, server, a, b } = await twoProcessesWithCopies()
  server.flush()
  await clock.advance(0)
  expect([a.localItems, b.localItems]).toEqual([0, 0])
})

test('a write of another process is read at the next call', async () => {
  const { clock, a, b } = await twoProcessesWithCopies()
  await b.write('1', 'new', () => {})
  await clock.advance(0)
  expect(await a.get('1')).toBe('new')
})

test('a value that was read while a message about its key arrived is returned and not kept', async () => {
  const clock = new FakeClock()
  const server = new MemoryServer(clock)
  const shared = new MemoryTier(server, () => ({ delivery: 'answered', outMs: 0, backMs: 100 }))
  const other = cacheFixture({ clock, shared: new MemoryTier(server) }).cache.define({ name: 'product', load: () => 'old', ...ttl })
  await other.get('1')
  shared.track()
  const products = cacheFixture({ clock, shared }).cache.define({ name: 'product', load: () => 'new', ...ttl })
  const reading = products.get('1')
  await clock.advance(50)
  server.delete(KEY)
  await clock.advance(50)
  expect(await reading).toBe('old')
  expect(products.peek('1')).toBeUndefined()
})

test('a value that was being loaded when a stranger deleted the key is stored nowhere, and the next caller does not join it', async () => {
  const { clock, server, a, loader } = await twoProcessesWithCopies()
  await a.invalidate('1')
  const reading = a.get('1')
  await clock.advance(0)
  expect(loader.calls).toHaveLength(2)
  server.set(KEY, Buffer.from('a stranger'), 1_000)
  server.delete(KEY)
  await clock.advance(0)
  const after = a.get('1')
  await clock.advance(0)
  expect(loader.calls).toHaveLength(3)
  loader.calls[1]!.resolve('loaded before')
  expect(await reading).toBe('loaded before')
  expect(server.entry(KEY)).toBeUndefined()
  loader.calls[2]!.resolve('loaded after')
  expect(await after).toBe('loaded after')
  await clock.advance(0)
  expect(await a.get('1')).toBe('loaded after')
})

test('a caller who waits for the load of another process is woken by its message', async () => {
  const { clock, a, b, loader } = twoProcesses()
  const loading = a.get('1')
  await clock.advance(0)
  const waiting = b.get('1')
  await clock.advance(1_000)
  expect(loader.calls).toHaveLength(1)
  loader.last.resolve('v')
  await loading
  // Pauses have grown to 200 ms by now; none is waited for.
  await clock.advance(0)
  await expect(Promise.race([waiting, settle().then(() => 'still waiting')])).resolves.toBe('v')
})

test('a value that this process stored is read from Redis once, because its own message may hide a foreign change', async () => {
  const { clock, tiers, a, loader } = twoProcesses()
  const first = a.get('1')
  await clock.advance(0)
  loader.last.resolve('v')
  await first
  await clock.advance(0)
  const read = vi.spyOn(tiers[0], 'read')
  await a.get('1')
  expect(await a.get('1')).toBe('v')
  expect(read).toHaveBeenCalledTimes(1)
})

test('a value that this process stored is served as stale when Redis is lost before it was read again', async () => {
  const { clock, tiers, a, loader } = twoProcesses()
  const first = a.get('1')
  await clock.advance(0)
  loader.last.resolve('v')
  await first
  await clock.advance(0)
  tiers[0].up = false
  expect(await a.get('1')).toBe('v')
})

test('when the channel is lost local copies are not relied on any more, and are bounded by maxStaleness until it is back', async () => {
  const { clock, tiers, server, a } = await twoProcessesWithCopies()
  await tiers[0].cut()
  expect(a.peek('1')).toBeUndefined()
  expect(await a.get('1')).toBe('old')
  expect(a.peek('1')).toBe('old')
  server.delete(KEY)
  await clock.advance(999)
  expect(a.peek('1')).toBe('old')
  await clock.advance(1)
  expect(a.peek('1')).toBeUndefined()
})

test('what was kept while the channel was lost is read again once it is back', async () => {
  const { tiers, server, a } = await twoProcessesWithCopies()
  await tiers[0].cut()
  await a.get('1')
  server.delete(KEY)
  tiers[0].track()
  expect(a.peek('1')).toBeUndefined()
})

test('a copy from before the loss is served as stale when neither channel nor Redis answers', async () => {
  const { tiers, a, caches } = await twoProcessesWithCopies()
  await tiers[0].cut()
  tiers[0].up = false
  expect(await a.get('1')).toBe('old')
  expect(caches[0]!.stats().definitions['product']!.localStale).toBe(1)
})

test('a value loaded without Redis is kept for maxStaleness although the channel is live', async () => {
  const { clock, tiers, a, loader } = twoProcesses()
  tiers[0].up = false
  const reading = a.get('1')
  await clock.advance(0)
  loader.last.resolve('v')
  await reading
  expect(a.peek('1')).toBe('v')
  await clock.advance(1_000)
  expect(a.peek('1')).toBeUndefined()
})
