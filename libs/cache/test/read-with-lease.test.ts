import { expect, test, vi } from 'vitest'
import { FakeClock, type Hop, MemoryServer, MemoryTier } from '../src/testing/testing.ts'
import { cacheFixture } from './cache-fixture.ts'
import { DeferredLoader } from './deferred-loader.ts'

const ttl = { softTtl: '1m', hardTtl: '10m', jitter: 0, loadTimeout: '1h' } as const

function oneProcess() {
  const clock = new FakeClock()
  const server = new MemoryServer(clock)
  const network: { hop: Hop } = { hop: { delivery: 'answered', outMs: 0, backMs: 0 } }
  const tier = new MemoryTier(server, () => network.hop)
  const loader = new DeferredLoader<string>()
  const products = cacheFixture({ clock, shared: tier }).cache.define({ name: 'product', load: loader.load, ...ttl })
  return { clock, server, network, tier, loader, products, read: vi.spyOn(tier, 'read'), lease: vi.spyOn(tier, 'lease') }
}

/** A process that found Redis empty once. */
async function afterAMiss(): Promise<ReturnType<typeof oneProcess>> {
  const process = oneProcess()
  const { clock, loader, products, read, lease } = process
  const value = products.get('first')
  await clock.advance(0)
  loader.last.resolve('v')
  await value
  for (const spy of [read, lease]) spy.mockClear()
  return process
}

test('a process that starts expects to find what it needs, and asks for a lease only when it does not', async () => {
  const { clock, products, read, lease } = oneProcess()
  void products.get('1')
  await clock.advance(0)
  expect([read.mock.calls.length, lease.mock.calls.length]).toEqual([1, 1])
})

test('while most readings find nothing, the entry and the lease are asked for at once', async () => {
  const { clock, server, loader, products, read, lease } = await afterAMiss()
  const value = products.get('1')
  await clock.advance(0)
  expect([read.mock.calls.length, lease.mock.calls.length]).toEqual([0, 1])
  loader.last.resolve('v')
  expect(await value).toBe('v')
  expect(server.entry('product:1')).toBeDefined()
})

test('once most readings find an entry, no lease is asked for', async () => {
  const { clock, server, tier, products, loader, read, lease } = oneProcess()
  const other = cacheFixture({ clock, shared: new MemoryTier(server) }).cache.define({ name: 'product', load: (id: string) => id, ...ttl })
  const ids = Array.from({ length: 20 }, (_, n) => `${n}`)
  await other.getMany(ids)
  for (const id of ids) await products.get(id)
  expect(lease.mock.calls.length).toBeLessThan(5)
  expect(read.mock.calls.length).toBe(ids.length - lease.mock.calls.length)
  // A miss among hits takes both, one after the other.
  const before = lease.mock.calls.length
  void products.get('new')
  await clock.advance(0)
  expect([read.mock.calls.at(-1)?.[0], lease.mock.calls.length]).toEqual(['product:new', before + 1])
  expect(loader.calls).toHaveLength(1)
  await tier.close()
})

test('a lease that came with a reading which a change overtook is given back, and the value is loaded under another', async () => {
  const { clock, server, network, tier, loader, products, lease } = await afterAMiss()
  tier.track()
  network.hop = { delivery: 'answered', outMs: 0, backMs: 50 }
  const release = vi.spyOn(tier, 'release')
  const value = products.get('1')
  await clock.advance(10)
  // By nobody who would void the lease.
  server.set('product:1', Buffer.from('foreign'), 1_000)
  server.delete('product:1')
  await clock.advance(200)
  expect(release).toHaveBeenCalledTimes(1)
  expect(lease).toHaveBeenCalledTimes(2)
  loader.last.resolve('v')
  await clock.advance(200)
  expect(await value).toBe('v')
  expect(server.entry('product:1')).toBeDefined()
})

test('an answer that says another process holds the lease is not asked for again at once', async () => {
  const { clock, server, loader, products, lease } = oneProcess()
  const other = new DeferredLoader<string>()
  const loading = cacheFixture({ clock, shared: new MemoryTier(server) }).cache.define({ name: 'product', load: other.load, ...ttl }).get('1')
  await clock.advance(0)
  const waiting = products.get('1')
  await clock.advance(0)
  expect(lease).toHaveBeenCalledTimes(1)
  other.last.resolve('v')
  await clock.advance(1_000)
  expect([await loading, await waiting]).toEqual(['v', 'v'])
  expect(loader.calls).toHaveLength(0)
})
