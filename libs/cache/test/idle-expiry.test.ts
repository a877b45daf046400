import { describe, expect, test, vi } from 'vitest'
import { FakeClock, MemoryServer, MemoryTier } from '../src/testing/testing.ts'
import { cacheFixture } from './cache-fixture.ts'

const MINUTE = 60_000
const ttl = { softTtl: '1h', hardTtl: '1h', idleTtl: '8m' } as const

/** A process with values that end when they are not used; `tracked`: it hears of changes. */
function oneProcess(clock: FakeClock, server?: MemoryServer, tracked = false) {
  const shared = server === undefined ? undefined : new MemoryTier(server)
  const { cache } = cacheFixture({ clock, ...(shared !== undefined && { shared }) })
  if (tracked) shared!.track()
  const load = vi.fn((id: string) => id)
  return { load, shared, products: cache.define({ name: 'product', load, ...ttl }) }
}

describe.each(['local only', 'over Redis', 'over Redis, changes heard'])('an idle lifetime, %s', (kind) => {
  const one = (clock: FakeClock): ReturnType<typeof oneProcess> => oneProcess(clock, kind === 'local only' ? undefined : new MemoryServer(clock), kind.endsWith('heard'))

  test('a value that is asked for in time stays until its hard expiry', async () => {
    const clock = new FakeClock()
    const { products, load } = one(clock)
    for (let minute = 0; minute < 60; minute += 6) {
      await products.get('1')
      await clock.advance(6 * MINUTE)
    }
    expect(load).toHaveBeenCalledTimes(1)
    await products.get('1')
    expect(load).toHaveBeenCalledTimes(2)
  })

  test('a value that is not asked for is gone, at the earliest after its idle lifetime, a quarter later at the latest', async () => {
    const clock = new FakeClock()
    const { products, load } = one(clock)
    await products.get('1')
    await clock.advance(MINUTE)
    await products.get('1')
    await clock.advance(8 * MINUTE - 1)
    await products.get('1')
    expect(load).toHaveBeenCalledTimes(1)
    await clock.advance(10 * MINUTE)
    expect(products.peek('1')).toBeUndefined()
    await products.get('1')
    expect(load).toHaveBeenCalledTimes(2)
  })
})

test('Redis is told of use at most once in a quarter of the idle lifetime, and by one of several processes', async () => {
  const clock = new FakeClock()
  const server = new MemoryServer(clock)
  const processes = Array.from({ length: 3 }, () => oneProcess(clock, server, true))
  const set = vi.spyOn(server, 'set')
  const touches = processes.map(({ shared }) => vi.spyOn(shared!, 'touch'))
  for (let second = 0; second < 480; second += 5) {
    for (const { products } of processes) await products.get('1')
    await clock.advance(5_000)
  }
  // The load, and one change of the expiry in each quarter.
  expect(set.mock.calls.length).toBe(4)
  expect(Math.max(...touches.map(({ mock }) => mock.calls.length))).toBeLessThanOrEqual(8)
  expect(processes.map(({ load }) => load.mock.calls.length)).toEqual([1, 0, 0])
})

test('use by one process keeps the value for the others', async () => {
  const clock = new FakeClock()
  const server = new MemoryServer(clock)
  const [a, b] = [oneProcess(clock, server), oneProcess(clock, server)]
  await a.products.get('1')
  for (let i = 0; i < 5; i++) {
    await clock.advance(6 * MINUTE)
    await a.products.get('1')
  }
  await b.products.get('1')
  expect(b.load).not.toHaveBeenCalled()
})

test('the idle lifetime never takes a value beyond its hard expiry in Redis', async () => {
  const clock = new FakeClock()
  const server = new MemoryServer(clock)
  const { products } = oneProcess(clock, server)
  const startedAt = clock.now()
  await products.get('1')
  expect(server.entries.get('product:1')!.until - startedAt).toBe(10 * MINUTE)
  for (let minute = 0; minute < 59; minute += 1) {
    await clock.advance(MINUTE)
    await products.get('1')
  }
  expect(server.entries.get('product:1')!.until - startedAt).toBe(60 * MINUTE)
})

test('use does not make a value younger: tags and soft expiry count from its load', async () => {
  const clock = new FakeClock()
  const { cache } = cacheFixture({ clock })
  const load = vi.fn((id: string) => id)
  const products = cache.define({ name: 'tagged', load, softTtl: '10m', hardTtl: '1h', idleTtl: '8m', tags: () => ['t'] })
  await products.get('1')
  await clock.advance(6 * MINUTE)
  await products.get('1')
  await clock.advance(4 * MINUTE)
  expect(products.peek('1')).toBeUndefined()
  await cache.invalidateTags(['t'])
  await products.get('1')
  expect(load).toHaveBeenCalledTimes(2)
})
