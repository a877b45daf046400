import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { Bulkhead } from '../src/flight/bulkhead.ts'
import { resolveLoadLimits } from '../src/load-limits.ts'
import { cacheFixture } from './cache-fixture.ts'
import { DeferredLoader } from './deferred-loader.ts'
import { FakeClock, settle, MemoryServer, MemoryTier } from '../src/testing/testing.ts'

const ttl = { softTtl: '1m', hardTtl: '10m', jitter: 0 } as const

test('never more than the limit run, never more than the limit wait, and everybody is admitted in order or refused', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 6 }), fc.array(fc.constantFrom('enter', 'enter', 'leave', 'wait'), { maxLength: 80 }), async (maxConcurrent, maxQueued, steps) => {
      const clock = new FakeClock()
      const bulkhead = new Bulkhead({ maxConcurrent, maxQueued, maxWaitMs: 100, rampUpMs: 0, rampFrom: 1 }, clock)
      const admitted: number[] = []
      let entered = 0
      let refused = 0
      let left = 0
      for (const step of steps) {
        if (step === 'enter') {
          const turn = entered++
          void Promise.resolve(bulkhead.enter()).then((yes) => (yes ? admitted.push(turn) : refused++))
        } else if (step === 'wait') {
          await clock.advance(60)
        } else if (bulkhead.running > 0) {
          bulkhead.leave()
          left++
        }
        await Promise.resolve()
        expect(bulkhead.running).toBeLessThanOrEqual(maxConcurrent)
        expect(bulkhead.queued).toBeLessThanOrEqual(maxQueued)
        expect(bulkhead.queued === 0 || bulkhead.full).toBe(true)
      }
      await clock.advance(100)
      expect(admitted).toEqual(admitted.toSorted((a, b) => a - b))
      expect(admitted.length + refused).toBe(entered)
      expect(bulkhead.running).toBe(admitted.length - left)
      expect(bulkhead.queued).toBe(0)
    }),
    { numRuns: 60 },
  )
})

test('a burst of misses runs as many loads as allowed; the rest wait and follow', async () => {
  const { cache } = cacheFixture({ loads: { maxConcurrent: 3 } })
  const loader = new DeferredLoader<string>()
  const products = cache.define({ name: 'product', load: loader.load, ...ttl })
  const answers = Promise.all(Array.from({ length: 10 }, (_, i) => products.get(`p${i}`)))
  await settle()
  expect(cache.stats().definitions['product']).toMatchObject({ loadsRunning: 3, loadsQueued: 7 })
  for (let done = 0; done < 10; done++) {
    expect(loader.calls.length).toBe(Math.min(10, done + 3))
    loader.calls[done]!.resolve(`value ${done}`)
    await settle()
  }
  expect(await answers).toEqual(Array.from({ length: 10 }, (_, i) => `value ${i}`))
  expect(cache.stats().definitions['product']).toMatchObject({ loadsRunning: 0, loadsQueued: 0, loads: 10, loadsShed: 0 })
})

test('what exceeds the queue is refused at once with its own error, and counted apart from failures', async () => {
  const { cache } = cacheFixture()
  const loader = new DeferredLoader<string>()
  const products = cache.define({ name: 'product', load: loader.load, loads: { maxConcurrent: 1, maxQueued: 1 }, ...ttl })
  const served = [products.get('1'), products.get('2')]
  await expect(products.get('3')).rejects.toMatchObject({ name: 'CacheError', code: 'LOAD_SHED', definition: 'product', id: '3' })
  expect(cache.stats().definitions['product']).toMatchObject({ shed: 1, loadsShed: 1, failed: 0, loadErrors: 0 })
  loader.last.resolve('v')
  await settle()
  loader.last.resolve('v')
  expect(await Promise.all(served)).toEqual(['v', 'v'])
  const again = products.get('3')
  loader.last.resolve('v')
  expect(await again).toBe('v')
})

test('whoever waits longer than maxWait for a turn is refused and never loaded', async () => {
  const { cache, clock } = cacheFixture({ loads: { maxConcurrent: 1, maxWait: '1s' } })
  const loader = new DeferredLoader<string>()
  const products = cache.define({ name: 'product', load: loader.load, ...ttl })
  const first = products.get('1')
  const refused = products.get('2').catch((error: unknown) => error)
  await clock.advance(1_000)
  expect(await refused).toMatchObject({ code: 'LOAD_SHED' })
  loader.last.resolve('v')
  await first
  await settle()
  expect(loader.calls.map(({ id }) => id)).toEqual(['1'])
})

test.each(['fails', 'times out', 'throws at once'])('a load that %s gives its turn to the next', async (how) => {
  const { cache, clock } = cacheFixture({ loads: { maxConcurrent: 1 } })
  const loader = new DeferredLoader<string>()
  const first = vi.fn((id: string, context: Parameters<typeof loader.load>[1]) => {
    if (how === 'throws at once' && id === '1') throw new Error('no')
    return loader.load(id, context)
  })
  const products = cache.define({ name: 'product', load: first, loadTimeout: '1s', ...ttl })
  const failing = products.get('1').catch((error: unknown) => error)
  const next = products.get('2')
  if (how === 'fails') loader.last.reject(new Error('no'))
  if (how === 'times out') await clock.advance(1_000)
  expect(String(await failing)).toMatch(/no|longer than 1000 ms/)
  await settle()
  loader.last.resolve('v')
  expect(await next).toBe('v')
  expect(cache.stats().definitions['product']!.loadsRunning).toBe(0)
})

test('a stale value is served without a refresh while all turns are taken', async () => {
  const { cache, clock } = cacheFixture({ loads: { maxConcurrent: 1 } })
  const loader = new DeferredLoader<string>()
  const products = cache.define({ name: 'product', load: loader.load, ...ttl, loadTimeout: '1h' })
  const first = products.get('1')
  loader.last.resolve('old')
  await first
  const slow = products.get('2')
  await clock.advance(60_000)
  expect(await products.get('1')).toBe('old')
  await settle()
  expect(loader.calls).toHaveLength(2)
  expect(cache.stats().definitions['product']!.loadsShed).toBe(1)
  loader.last.resolve('v')
  await slow
  await clock.advance(200)
  await products.get('1')
  await settle()
  expect(loader.calls).toHaveLength(3)
})

test('a call of loadMany takes one turn, however many ids it loads', async () => {
  const { cache } = cacheFixture({ loads: { maxConcurrent: 1, maxQueued: 1 } })
  const loadMany = vi.fn((ids: readonly string[]) => new Map(ids.map((id) => [id, `value of ${id}`])))
  const products = cache.define({ name: 'product', load: (id: string) => id, loadMany, ...ttl })
  const ids = Array.from({ length: 100 }, (_, i) => `p${i}`)
  const [some, others] = await Promise.all([products.getMany(ids.slice(0, 50)), products.getMany(ids.slice(50))])
  expect([...some.keys(), ...others.keys()]).toEqual(ids)
  expect(loadMany).toHaveBeenCalledTimes(2)
  expect(cache.stats().definitions['product']).toMatchObject({ loadsRunning: 0, loadsShed: 0 })
})

test('a getMany that is refused says so for each of its ids', async () => {
  const { cache } = cacheFixture({ loads: { maxConcurrent: 1, maxQueued: 1 } })
  const loader = new DeferredLoader<string>()
  const products = cache.define({ name: 'product', load: loader.load, loadMany: (ids) => new Map(ids.map((id) => [id, id])), ...ttl })
  const running = [products.get('1'), products.get('2')]
  await expect(products.getMany(['3', '4'])).rejects.toMatchObject({ code: 'LOAD_SHED' })
  expect(cache.stats().definitions['product']).toMatchObject({ shed: 2, failed: 0, loadErrors: 0 })
  loader.last.resolve('v')
  await settle()
  loader.last.resolve('v')
  await Promise.all(running)
})

test('a load that is refused gives its lease back, so that another process loads at once', async () => {
  const clock = new FakeClock()
  const server = new MemoryServer(clock)
  const loader = new DeferredLoader<string>()
  const [a, b] = [0, 1].map(() => cacheFixture({ clock, shared: new MemoryTier(server), loads: { maxConcurrent: 1, maxQueued: 1 } }).cache.define({ name: 'product', load: loader.load, ...ttl }))
  const running = [a!.get('1'), a!.get('2')]
  await settle()
  await expect(a!.get('3')).rejects.toMatchObject({ code: 'LOAD_SHED' })
  await settle()
  const inB = b!.get('3')
  await settle()
  expect(loader.last.id).toBe('3')
  loader.last.resolve('v')
  expect(await inB).toBe('v')
  loader.calls[0]!.resolve('v')
  await settle()
  loader.last.resolve('v')
  await Promise.all(running)
})

describe('the ramp after a cold start', () => {
  const limits = { maxConcurrent: 12, maxQueued: 100, maxWaitMs: 60_000, rampUpMs: 10_000, rampFrom: 2 }

  test('lets the number of loads at once grow with time, though none of them ends', async () => {
    const clock = new FakeClock()
    const bulkhead = new Bulkhead(limits, clock)
    for (let i = 0; i < 20; i++) void bulkhead.enter()
    const running: number[] = []
    for (let second = 0; second <= 11; second++) {
      running.push(bulkhead.running)
      await clock.advance(1_000)
    }
    expect(running).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 12])
    expect(bulkhead.queued).toBe(8)
  })

  test('begins anew when everything is cold again, and lets what runs end', async () => {
    const clock = new FakeClock()
    const bulkhead = new Bulkhead(limits, clock)
    await clock.advance(10_000)
    for (let i = 0; i < 14; i++) void bulkhead.enter()
    expect(bulkhead.running).toBe(12)
    bulkhead.cool()
    for (let i = 0; i < 10; i++) bulkhead.leave()
    expect([bulkhead.running, bulkhead.queued]).toEqual([2, 2])
    bulkhead.leave()
    await settle()
    expect([bulkhead.running, bulkhead.queued]).toEqual([2, 1])
  })

  test('holds for the loads of a definition, and begins anew after a clear and a flush', async () => {
    const clock = new FakeClock()
    const server = new MemoryServer(clock)
    const shared = new MemoryTier(server)
    const { cache } = cacheFixture({ clock, shared, loads: { maxConcurrent: 8, rampUp: '10s', rampFrom: 2 } })
    shared.track()
    const loader = new DeferredLoader<string>()
    const products = cache.define({ name: 'product', load: loader.load, softTtl: '1m', hardTtl: '1h', loadTimeout: '1h' })
    const ask = async (round: string): Promise<number> => {
      const begun = loader.calls.length
      const answers = Array.from({ length: 8 }, (_, i) => products.get(`${round} ${i}`))
      await clock.advance(0)
      const atOnce = loader.calls.length - begun
      for (let next = begun; next < begun + 8; next++) {
        loader.calls[next]!.resolve('v')
        await settle()
      }
      await Promise.all(answers)
      return atOnce
    }
    const atOnce = [await ask('cold')]
    await clock.advance(10_000)
    atOnce.push(await ask('warm'))
    await cache.clear()
    atOnce.push(await ask('cleared'))
    await clock.advance(10_000)
    server.flush()
    await clock.advance(0)
    atOnce.push(await ask('flushed'))
    expect(atOnce).toEqual([2, 8, 2, 2])
  })

  test('does not begin with more than there may be in all', () => {
    const bulkhead = new Bulkhead({ ...resolveLoadLimits('loads.', { maxConcurrent: 2, rampUp: '1s', rampFrom: 50 }) }, new FakeClock())
    expect(bulkhead.limit).toBe(2)
  })
})
