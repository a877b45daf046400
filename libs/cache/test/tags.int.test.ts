import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, expect, inject, test, vi } from 'vitest'
import { type Cache, type CacheOptions, createCache } from '../src/index.ts'
import { CommandMonitor } from './command-monitor.ts'
import { OwnRedis, ownNamespace, until } from './redis-fixture.ts'

const ttl = { softTtl: '1m', hardTtl: '10m', jitter: 0 } as const
const caches: Cache[] = []
let redis: Redis

/** A cache with a connection of its own: what one process has. */
function oneProcess(namespace: string, options: Partial<CacheOptions> = {}) {
  const cache = createCache({ namespace, redis: inject('redisUrl'), ...options })
  caches.push(cache)
  let n = 0
  const load = vi.fn((id: string) => ({ n: ++n, brand: id.slice(0, 1) }))
  return { cache, load, products: cache.define({ name: 'product', load, tags: ({ brand }) => [`brand:${brand}`], ...ttl }) }
}

const live = (cache: Cache): Promise<void> => until('changes are heard', () => cache.stats().redis.tracking === 'live')

beforeAll(() => {
  redis = new Redis(inject('redisUrl'))
})

afterEach(async () => {
  await Promise.all(caches.splice(0).map((cache) => cache.close()))
})

afterAll(() => {
  redis.disconnect()
})

test('a tag that one process invalidates is invalid in another at once, by one command and one key', async () => {
  const namespace = ownNamespace()
  const [a, b] = [oneProcess(namespace), oneProcess(namespace)]
  await Promise.all([live(a.cache), live(b.cache)])
  const ids = Array.from({ length: 50 }, (_, i) => `x${i}`)
  await a.products.getMany(ids)
  await b.products.getMany([...ids, 'y'])
  expect(await a.cache.invalidateTags(['brand:x'])).toBe('deleted')
  await until('the other process heard of it', () => b.products.peek('x0') === undefined)
  await b.products.getMany([...ids, 'y'])
  expect(b.load).toHaveBeenCalledTimes(51)
  expect(await redis.keys(`${namespace}:t:*`)).toEqual([`${namespace}:t:{${namespace}}:brand:x`])
  expect(await redis.pttl(`${namespace}:t:{${namespace}}:brand:x`)).toBeGreaterThan(7 * 24 * 3_600_000)
})

test('marks never go back, not even when the clock of Redis does', async () => {
  const namespace = ownNamespace()
  const { cache } = oneProcess(namespace)
  await cache.invalidateTags(['t'], { soft: true })
  await redis.set(`${namespace}:t:{${namespace}}:t`, '9000000000000000:5')
  await cache.invalidateTags(['t'])
  expect(await redis.get(`${namespace}:t:{${namespace}}:t`)).toBe('9000000000000000:5')
  await cache.invalidateTags(['t'], { soft: true })
  expect(await redis.get(`${namespace}:t:{${namespace}}:t`)).toMatch(/^9000000000000000:1[0-9]{15}$/)
})

test('a cold process reads an entry, the mark of its namespace and the marks of its tags by two commands, each with the origin of the marks', async () => {
  const namespace = ownNamespace()
  const ids = Array.from({ length: 20 }, (_, i) => `${i}`)
  await oneProcess(namespace).products.getMany(ids)
  const b = oneProcess(namespace)
  await live(b.cache)
  const monitor = await CommandMonitor.start(inject('redisUrl'), (args) => args.some((arg) => ['v', 't', 'end'].some((kind) => arg.startsWith(`${namespace}:${kind}:`))) && args[0] !== 'client')
  await b.products.getMany(ids)
  await redis.get(`${namespace}:end:`)
  await until('the monitor saw the end', () => monitor.commands.some(([name]) => name === 'get'))
  monitor.stop()
  expect(monitor.commands.map(([name, ...args]) => [name, args.length])).toEqual([['mget', 22], ['mget', 11], ['get', 1]])
  expect(b.load).not.toHaveBeenCalled()
})

test.each([true, false])('a load during which another process invalidates its tag is returned to nobody who asks later (changes heard: %s)', async (tracking) => {
  const namespace = ownNamespace()
  const local = tracking ? {} : { tracking: false, maxStaleness: 0 }
  const [a, b] = [oneProcess(namespace, { local }), oneProcess(namespace, { local })]
  if (tracking) await Promise.all([live(a.cache), live(b.cache)])
  let stored = 0
  let returned: () => void = () => {}
  const slow = a.cache.define({
    name: 'slow',
    load: async (_id: string, { set }) => {
      const read = stored
      set({ tags: ['t'] })
      await new Promise<void>((resolve) => {
        returned = resolve
        if (read > 0) resolve()
      })
      return read
    },
    ...ttl,
  })
  const before = slow.get('1')
  await until('the load has read the source', () => a.cache.stats().definitions['slow']!.loads === 1)
  stored = 1
  await b.cache.invalidateTags(['t'])
  returned()
  expect(await before).toBe(0)
  expect(await b.cache.define({ name: 'slow', load: () => stored, tags: () => ['t'], ...ttl }).get('1')).toBe(1)
  // A message takes its time; without one Redis is asked each time.
  if (tracking) await until('this process has heard of it', async () => (await slow.get('1')) === 1)
  expect(await slow.get('1')).toBe(1)
})

test('a clear is one key, ends all values in all processes, and leaves the entries to their expiry', async () => {
  const namespace = ownNamespace()
  const [a, b] = [oneProcess(namespace), oneProcess(namespace)]
  await Promise.all([live(a.cache), live(b.cache)])
  const inTenant = a.cache.namespace('t').define({ name: 'product', load: () => 'v', ...ttl })
  await Promise.all([a.products.get('1'), inTenant.get('1')])
  await b.products.get('1')
  await a.cache.clear()
  await until('the other process heard of it', () => b.products.peek('1') === undefined)
  await b.products.get('1')
  expect(b.load).toHaveBeenCalledTimes(1)
  expect(await redis.exists(`${namespace}:t:{${namespace}}`, `${namespace}:v:{t/product:1}`)).toBe(2)
  await inTenant.get('1')
  expect(a.cache.stats().definitions['t/product']!.loads).toBe(2)
})

test('an entry that outlives the marks, because another master of the cluster held them, is believed by nobody who did not know them', async () => {
  const namespace = ownNamespace()
  const a = oneProcess(namespace)
  await a.products.get('x')
  await a.cache.invalidateTags(['brand:x'])
  await redis.del(`${namespace}:t:{${namespace}}:brand:x`, `${namespace}:o:{${namespace}}`)
  const b = oneProcess(namespace)
  await b.products.get('x')
  expect(b.load).toHaveBeenCalledTimes(1)
  const c = oneProcess(namespace)
  await c.products.get('x')
  expect(c.load).not.toHaveBeenCalled()
})

test('an invalidation of a tag while Redis is away lands when it is back', async () => {
  const own = await OwnRedis.start()
  try {
    const options = { redis: own.url, redisTimeout: '200ms' } as const
    const [a, b] = [oneProcess('away', options), oneProcess('away', options)]
    await a.products.get('x1')
    await b.products.get('x1')
    own.freeze()
    expect(await a.cache.invalidateTags(['brand:x'])).toBe('queued')
    expect(await a.products.get('x1')).toEqual({ n: 2, brand: 'x' })
    own.thaw()
    await until('it landed', () => a.cache.stats().redis.queuedInvalidations === 0)
    await until('the other process loads anew', async () => (await b.products.get('x1')) !== undefined && b.load.mock.calls.length >= 1)
  } finally {
    await Promise.all(caches.splice(0).map((cache) => cache.close()))
    await own.remove()
  }
})

test('an entry declared stale keeps its expiry in Redis, is served while one process renews it, and an absence goes', async () => {
  const namespace = ownNamespace()
  const [a, b] = [oneProcess(namespace), oneProcess(namespace)]
  await Promise.all([live(a.cache), live(b.cache)])
  await a.products.get('x')
  await b.products.get('x')
  const key = `${namespace}:v:{product:x}`
  await redis.pexpire(key, 123_456)
  expect(await a.products.expire('x')).toBe('deleted')
  expect(await redis.pttl(key)).toBeLessThanOrEqual(123_456)
  expect(await redis.pttl(key)).toBeGreaterThan(60_000)
  await until('the other process heard of it', () => b.products.peek('x') === undefined)
  expect(await b.products.get('x')).toEqual({ n: 1, brand: 'x' })
  await until('it was renewed', () => b.load.mock.calls.length >= 1)
  await until('all have it', async () => (await a.products.get('x')) === (await a.products.get('x')) && a.cache.stats().definitions['product']!.redisFresh > 0)
  const absent = a.cache.define<string | null>({ name: 'absent', load: () => null, ...ttl })
  await absent.get('1')
  await absent.expire('1')
  expect(await redis.exists(`${namespace}:v:{absent:1}`)).toBe(0)
})

test('expire of a foreign entry deletes it, and of none tells who is loading', async () => {
  const namespace = ownNamespace()
  const { products, load } = oneProcess(namespace)
  await redis.set(`${namespace}:v:{product:x}`, 'not ours, and long enough to have a head')
  await products.expire('x')
  // A busy machine may have it queued first.
  await until('it is gone', async () => (await redis.exists(`${namespace}:v:{product:x}`)) === 0)
  await products.get('x')
  expect(load).toHaveBeenCalledTimes(1)
})

test('use makes an entry live longer in Redis, and not beyond its hard expiry', async () => {
  const namespace = ownNamespace()
  const [a, b] = [oneProcess(namespace, { redisTimeout: '5s' }), oneProcess(namespace, { redisTimeout: '5s' })].map(({ cache }) => cache.define({ name: 'session', load: (id: string) => id, softTtl: '1h', hardTtl: '1h', idleTtl: '8m' }))
  await a!.get('1')
  const key = `${namespace}:v:{session:1}`
  expect(await redis.pttl(key)).toBeLessThanOrEqual(600_000)
  // As if seven minutes had passed.
  await redis.pexpire(key, 180_000)
  // A reading that the message about the shorter life overtakes is not kept, and not recorded.
  await until('use was recorded', async () => (await b!.get('1')) === '1' && (await redis.pttl(key)) > 180_000)
  expect(await redis.pttl(key)).toBeGreaterThan(500_000)
  expect(await redis.pttl(key)).toBeLessThanOrEqual(600_000)
})
