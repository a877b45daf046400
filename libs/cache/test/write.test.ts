import { describe, expect, test, vi } from 'vitest'
import { cacheFixture } from './cache-fixture.ts'
import { DeferredLoader } from './deferred-loader.ts'
import { FakeClock, settle, type Delivery, MemoryServer, MemoryTier } from '../src/testing/testing.ts'

const ttl = { softTtl: '1m', hardTtl: '10m' } as const

/** Two processes over one server, and what they share. */
function twoProcesses(): { a: ReturnType<typeof oneProcess>; b: ReturnType<typeof oneProcess>; server: MemoryServer; clock: FakeClock; loader: DeferredLoader<string> } {
  const clock = new FakeClock()
  const server = new MemoryServer(clock)
  const loader = new DeferredLoader<string>()
  return { a: oneProcess(server, clock, loader), b: oneProcess(server, clock, loader), server, clock, loader }
}

function oneProcess(server: MemoryServer, clock: FakeClock, loader: DeferredLoader<string>, deliveries: Delivery[] = []) {
  const shared = new MemoryTier(server, () => ({ delivery: deliveries.shift() ?? 'answered', outMs: 0, backMs: 0 }))
  return cacheFixture({ clock, shared }).cache.define({ name: 'product', load: loader.load, ...ttl })
}

describe('write-through', () => {
  test('changes the source first, then stores the value here and for the other processes', async () => {
    const { a, b, server, loader } = twoProcesses()
    const seen: boolean[] = []
    expect(await a.write('1', 'new', () => seen.push(server.entry('product:1') !== undefined || a.peek('1') !== undefined))).toBe('stored')
    expect(seen).toEqual([false])
    expect(a.peek('1')).toBe('new')
    expect(await b.get('1')).toBe('new')
    expect(loader.calls).toHaveLength(0)
  })

  test('when persist fails nothing is stored, the old entry is gone, and the error goes to the caller', async () => {
    const { a, b, server, loader } = twoProcesses()
    const first = a.get('1')
    await settle()
    loader.last.resolve('old')
    await first
    const error = new Error('connection reset while committing')
    await expect(a.write('1', 'new', () => Promise.reject(error))).rejects.toBe(error)
    expect(a.peek('1')).toBeUndefined()
    expect(server.entry('product:1')).toBeUndefined()
    const next = b.get('1')
    await settle()
    loader.last.resolve('whatever the source says')
    expect(await next).toBe('whatever the source says')
  })

  test('a load that read the source before the write does not replace the written value', async () => {
    const { a, b, server, loader } = twoProcesses()
    const reading = b.get('1')
    await settle()
    await a.write('1', 'new', () => {})
    const written = server.entry('product:1')
    loader.last.resolve('old')
    expect(await reading).toBe('old')
    expect(server.entry('product:1')).toBe(written)
    expect(b.peek('1')).toBeUndefined()
    expect(await b.get('1')).toBe('new')
  })

  test('of two writes that overlap neither is stored, so that the next read asks the source', async () => {
    const { a, b, server, loader } = twoProcesses()
    const gates: (() => void)[] = []
    const gate = (): Promise<void> => new Promise((resolve) => gates.push(resolve))
    const writeA = a.write('1', 'A', gate)
    await settle()
    const writeB = b.write('1', 'B', gate)
    await settle()
    gates[1]!()
    expect(await writeB).toBe('stored')
    gates[0]!()
    expect(await writeA).toBe('invalidated')
    expect(server.entry('product:1')).toBeUndefined()
    const next = a.get('1')
    await settle()
    loader.last.resolve('what was committed last')
    expect(await next).toBe('what was committed last')
  })

  test.each([
    ['local only', [0, 1], ['invalidated', 'invalidated']],
    ['local only', [1, 0], ['invalidated', 'stored']],
    ['with Redis', [0, 1], ['invalidated', 'invalidated']],
    ['with Redis', [1, 0], ['invalidated', 'stored']],
  ])('two overlapping writes of one process leave nothing behind (%s, ending in the order %j)', async (kind, order, outcomes) => {
    const clock = new FakeClock()
    const { cache } = cacheFixture(kind === 'local only' ? { clock } : { clock, shared: new MemoryTier(new MemoryServer(clock)) })
    const products = cache.define({ name: 'product', load: () => 'from the source', ...ttl })
    const gates: (() => void)[] = []
    const gate = (): Promise<void> => new Promise((resolve) => gates.push(resolve))
    const writes = [products.write('1', 'A', gate), products.write('1', 'B', gate)]
    await settle()
    for (const which of order) {
      gates[which]!()
      await settle()
    }
    expect(await Promise.all(writes)).toEqual(outcomes)
    expect(products.peek('1')).toBeUndefined()
    expect(await products.get('1')).toBe('from the source')
  })

  test('an invalidation during persist keeps the written value out', async () => {
    const { a, server } = twoProcesses()
    let commit = (): void => {}
    const writing = a.write('1', 'new', () => new Promise<void>((resolve) => (commit = resolve)))
    await settle()
    await a.invalidate('1')
    commit()
    expect(await writing).toBe('invalidated')
    expect(a.peek('1')).toBeUndefined()
    expect(server.entry('product:1')).toBeUndefined()
  })

  test('an invalidation while the value is being stored has the last word', async () => {
    const clock = new FakeClock()
    const server = new MemoryServer(clock)
    // beginWrite, then finishWrite, whose answer takes 10 ms; the invalidation is faster.
    const backMs = [0, 10]
    const shared = new MemoryTier(server, () => ({ delivery: 'answered', outMs: 0, backMs: backMs.shift() ?? 0 }))
    const products = cacheFixture({ clock, shared }).cache.define({ name: 'product', load: () => 'from the source', ...ttl })
    const writing = products.write('1', 'written', () => {})
    await settle()
    await products.invalidate('1')
    await clock.advance(10)
    expect(await writing).toBe('invalidated')
    expect(products.peek('1')).toBeUndefined()
    expect(server.entry('product:1')).toBeUndefined()
  })

  test.each(['local only', 'with Redis'])('a version that is not newer than the stored one is not stored (%s)', async (kind) => {
    const clock = new FakeClock()
    const { cache } = cacheFixture(kind === 'local only' ? { clock } : { clock, shared: new MemoryTier(new MemoryServer(clock)) })
    const products = cache.define({ name: 'product', load: () => 'from the source', ...ttl })
    expect(await products.write('1', 'second', () => {}, { version: 2 })).toBe('stored')
    expect(await products.write('1', 'first', () => {}, { version: 1 })).toBe('superseded')
    expect(await products.get('1')).toBe('second')
    expect(await products.write('1', 'third', () => {}, { version: 3 })).toBe('stored')
    expect(await products.get('1')).toBe('third')
  })

  test.each([0, -1, 1.5, Number.NaN])('refuses the version %d before it changes the source', async (version) => {
    const { a } = twoProcesses()
    const persist = vi.fn<() => void>()
    await expect(a.write('1', 'new', persist, { version })).rejects.toMatchObject({ code: 'OPTION_INVALID' })
    expect(persist).not.toHaveBeenCalled()
  })

  test('while Redis is away a write reaches the source and leaves an invalidation behind', async () => {
    const clock = new FakeClock()
    const server = new MemoryServer(clock)
    const tier = new MemoryTier(server)
    const load = vi.fn<() => string>().mockReturnValueOnce('old').mockReturnValue('new')
    const products = cacheFixture({ clock, shared: tier }).cache.define({ name: 'product', load, ...ttl })
    await products.get('1')
    tier.up = false
    const persist = vi.fn<() => void>()
    expect(await products.write('1', 'new', persist)).toBe('queued')
    expect(persist).toHaveBeenCalledTimes(1)
    tier.up = true
    expect(await products.get('1')).toBe('new')
    tier.replay()
    expect(server.entry('product:1')).toBeUndefined()
  })

  test('a value that cannot be written as bytes is kept out of Redis, and the caller still gets it', async () => {
    const clock = new FakeClock()
    const server = new MemoryServer(clock)
    const { cache, errors } = cacheFixture({ clock, shared: new MemoryTier(server) })
    const circular: { self?: unknown } = {}
    circular.self = circular
    const load = vi.fn<() => unknown>().mockReturnValueOnce(circular).mockReturnValue({ plain: true })
    const products = cache.define({ name: 'product', load, ...ttl })
    expect(await products.get('1')).toBe(circular)
    expect(await products.write('2', circular, () => {})).toBe('invalidated')
    expect(errors.map(({ code }) => code)).toEqual(['ENCODING_FAILED', 'ENCODING_FAILED'])
    expect([server.entries.size, server.leases.size]).toEqual([0, 0])
    expect(await products.get('2')).toEqual({ plain: true })
    const elsewhere = cacheFixture({ clock, shared: new MemoryTier(server) }).cache.define({ name: 'product', load: () => 'not asked', ...ttl })
    expect(await elsewhere.get('2')).toEqual({ plain: true })
  })

  test('a store whose answer is lost leaves no older value behind', async () => {
    const clock = new FakeClock()
    const server = new MemoryServer(clock)
    const loader = new DeferredLoader<string>()
    const products = oneProcess(server, clock, loader, ['answered', 'answer-lost'])
    expect(await products.write('1', 'new', () => {})).toBe('invalidated')
    expect(server.entry('product:1')).toBeUndefined()
    expect(products.peek('1')).toBeUndefined()
  })
})
