import { expect, test, vi } from 'vitest'
import { cacheFixture } from './cache-fixture.ts'
import { DeferredLoader } from './deferred-loader.ts'
import { FakeClock, MemoryServer, MemoryTier } from '../src/testing/testing.ts'

const ttl = { softTtl: '1m', hardTtl: '10m' } as const
const large = 'the same words again and again, '.repeat(500_000)

function oneProcess(server: MemoryServer, clock: FakeClock): { products: DeferredLoader<string>; get: (id: string) => Promise<string> } {
  const shared = new MemoryTier(server)
  shared.track()
  const products = new DeferredLoader<string>()
  const definition = cacheFixture({ clock, shared, compression: {} }).cache.define({ name: 'product', load: products.load, ...ttl })
  return { products, get: (id) => definition.get(id) }
}

test('a change that is heard while a value is compressed keeps the value out of Redis', async () => {
  const clock = new FakeClock()
  const server = new MemoryServer(clock)
  const { products, get } = oneProcess(server, clock)
  const answer = get('1')
  await vi.waitFor(() => expect(products.calls.length).toBe(1))
  products.last.resolve(large)
  await clock.advance(0)
  // As SET by another program: no lease is voided, only the message tells of it.
  const theirs = Buffer.from('what another program stored')
  server.set('product:1', theirs, 60_000)
  await clock.advance(0)
  expect((await answer).length).toBe(large.length)
  expect(server.entry('product:1')).toEqual(theirs)
})

test('callers who ask while a large value is read join, and one message fences it', async () => {
  const clock = new FakeClock()
  const server = new MemoryServer(clock)
  const writer = oneProcess(server, clock)
  const stored = writer.get('1')
  await vi.waitFor(() => expect(writer.products.calls.length).toBe(1))
  writer.products.last.resolve(large)
  await stored
  await vi.waitFor(() => expect(server.entry('product:1')).toBeDefined())

  const reader = oneProcess(server, clock)
  const answers = [reader.get('1'), reader.get('1')]
  await clock.advance(0)
  server.invalidate('product:1')
  await clock.advance(0)
  // Asked after the change: it must not get the old value.
  const after = reader.get('1')
  await vi.waitFor(() => expect(reader.products.calls.length).toBe(1))
  reader.products.last.resolve('new')
  expect(await after).toBe('new')
  expect((await Promise.all(answers)).map(({ length }) => length)).toEqual([large.length, large.length])
})
