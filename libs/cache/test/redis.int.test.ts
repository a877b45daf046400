import { Cluster, Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, describe, expect, inject, test, vi } from 'vitest'
import { type Cache, type CacheOptions, createCache } from '../src/index.ts'
import { CommandMonitor } from './command-monitor.ts'
import { DeferredLoader } from './deferred-loader.ts'
import { OwnRedis, ownNamespace, until } from './redis-fixture.ts'

const ttl = { softTtl: '1m', hardTtl: '10m', jitter: 0 } as const
const caches: Cache[] = []
let redis: Redis

/** A cache with a connection of its own: what one process has. */
function oneProcess(namespace: string, options: Partial<CacheOptions> = {}): Cache {
  const cache = createCache({ namespace, redis: inject('redisUrl'), ...options })
  caches.push(cache)
  return cache
}

beforeAll(() => {
  redis = new Redis(inject('redisUrl'))
})

afterEach(async () => {
  await Promise.all(caches.splice(0).map((cache) => cache.close()))
})

afterAll(() => {
  redis.disconnect()
})

describe('the shared tier', () => {
  test('a value that one process loaded is read by another from Redis, with its types', async () => {
    const namespace = ownNamespace()
    const value = { id: '1', tags: ['a', 'b'], price: 12.5, since: new Date(1_700_000_000_000), big: 2n ** 60n, nested: { none: null, set: new Set([1, 2]), map: new Map([['k', 1]]) }, bytes: Buffer.from([1, 2, 3]) }
    await oneProcess(namespace).define({ name: 'product', load: () => value, ...ttl }).get('1')
    const load = vi.fn(() => value)
    const cache = oneProcess(namespace)
    const read = await cache.define({ name: 'product', load, ...ttl }).get('1')
    expect(read).toEqual(value)
    expect(load).not.toHaveBeenCalled()
    expect(cache.stats().definitions['product']).toMatchObject({ redisFresh: 1, loads: 0 })
  })

  test('an entry in Redis lives until its hard expiry and no lease stays behind', async () => {
    const namespace = ownNamespace()
    await oneProcess(namespace).define({ name: 'product', load: () => 'v', ...ttl }).get('1')
    const ttlMs = await redis.pttl(`${namespace}:v:{product:1}`)
    expect(ttlMs).toBeGreaterThan(500_000)
    expect(ttlMs).toBeLessThanOrEqual(600_000)
    expect(await redis.exists(`${namespace}:l:{product:1}`)).toBe(0)
  })

  test('null is shared as an absence and undefined is not stored', async () => {
    const namespace = ownNamespace()
    const values = new Map<string, null | undefined>([['gone', null]])
    await oneProcess(namespace).define({ name: 'product', load: (id: string) => values.get(id), ...ttl }).getMany(['gone', 'unknown'])
    expect(await redis.pttl(`${namespace}:v:{product:gone}`)).toBeLessThanOrEqual(5_000)
    expect(await redis.exists(`${namespace}:v:{product:unknown}`, `${namespace}:l:{product:unknown}`)).toBe(0)
    const load = vi.fn(() => 'created')
    expect(await oneProcess(namespace).define<string | null>({ name: 'product', load, ...ttl }).get('gone')).toBeNull()
    expect(load).not.toHaveBeenCalled()
  })

  test('reads of one turn go out as MGETs of up to 64 keys', async () => {
    const namespace = ownNamespace()
    const ids = Array.from({ length: 128 }, (_, i) => `p${i}`)
    await oneProcess(namespace).define({ name: 'product', load: (id: string) => id, ...ttl }).getMany(ids)
    const cache = oneProcess(namespace)
    const products = cache.define({ name: 'product', load: () => 'not asked', ...ttl })
    await products.get('p0')
    const monitor = await CommandMonitor.start(inject('redisUrl'), (args) => args[0] === 'mget' && args.some((arg) => arg.startsWith(`${namespace}:v:`)))
    expect(await Promise.all(ids.slice(1).map((id) => products.get(id)))).toEqual(ids.slice(1))
    await until('the monitor saw the reads', () => monitor.commands.length > 1)
    monitor.stop()
    expect(monitor.commands.map(([name]) => name)).toEqual(['mget', 'mget'])
  })

  test('loads of one turn lease and fill by one script for up to 32 keys', async () => {
    const namespace = ownNamespace()
    const products = oneProcess(namespace).define({ name: 'product', load: (id: string) => id, ...ttl })
    await products.get('first, which teaches Redis the scripts')
    const monitor = await CommandMonitor.start(inject('redisUrl'), (args) => args[0] === 'evalsha' && args.some((arg) => arg.startsWith(`${namespace}:v:`)))
    const ids = Array.from({ length: 20 }, (_, i) => `p${i}`)
    expect(await Promise.all(ids.map((id) => products.get(id)))).toEqual(ids)
    await until('the monitor saw both scripts', () => monitor.commands.length > 1)
    monitor.stop()
    expect(monitor.commands.map(([, , keys]) => keys)).toEqual(['40', '40'])
  })

  test('of loads and stores that leave together each has its own answer', async () => {
    const namespace = ownNamespace()
    const loader = new DeferredLoader<string>()
    const others = new DeferredLoader<string>()
    const other = oneProcess(namespace).define({ name: 'product', load: others.load, ...ttl })
    const cache = oneProcess(namespace, { local: { tracking: false } })
    const products = cache.define({ name: 'product', load: loader.load, ...ttl })
    const [found, held] = [other.get('found'), other.get('held')]
    await until('both are being loaded', () => others.calls.length === 2)
    others.calls.find(({ id }) => id === 'found')!.resolve('stored')
    await found
    const values = Promise.all(['found', 'held', 'free', 'voided'].map((id) => products.get(id)))
    await until('two have a lease', () => loader.calls.length === 2)
    await other.invalidate('voided')
    for (const { id, resolve } of loader.calls) resolve(`loaded ${id}`)
    others.calls.find(({ id }) => id === 'held')!.resolve('waited for')
    await held
    expect(await values).toEqual(['stored', 'waited for', 'loaded free', 'loaded voided'])
    expect(await redis.exists(...['found', 'held', 'free'].map((id) => `${namespace}:v:{product:${id}}`))).toBe(3)
    expect(await redis.exists(`${namespace}:v:{product:voided}`, ...['found', 'held', 'free', 'voided'].map((id) => `${namespace}:l:{product:${id}}`))).toBe(0)
    expect(cache.stats().definitions['product']).toMatchObject({ fillsRefused: 1, leaseWaits: 1, redisFresh: 1 })
  })

  test.each([
    ['text of somebody else', Buffer.from('{"id":"1"}')],
    ['nothing', Buffer.alloc(0)],
    ['a head without payload', Buffer.concat([Buffer.from([0xba, 1]), Buffer.alloc(30)])],
    ['a payload that ends too early', undefined],
    ['a later format', Buffer.concat([Buffer.from([0xba, 3]), Buffer.alloc(60, 1)])],
  ])('an entry that holds %s is a miss, is counted, and is replaced', async (_name, foreign: Buffer | undefined) => {
    const namespace = ownNamespace()
    const key = `${namespace}:v:{product:1}`
    let bytes: Buffer = foreign ?? Buffer.alloc(0)
    if (foreign === undefined) {
      await oneProcess(namespace).define({ name: 'product', load: () => ({ id: '1', name: 'a name' }), ...ttl }).get('1')
      bytes = (await redis.getBuffer(key))!.subarray(0, -3)
    }
    await redis.set(key, bytes)
    const cache = oneProcess(namespace)
    expect(await cache.define({ name: 'product', load: () => 'loaded', ...ttl }).get('1')).toBe('loaded')
    const counts = cache.stats().definitions['product']!
    expect([counts.corrupt + counts.foreign, counts.loads]).toEqual([1, 1])
    expect(await oneProcess(namespace).define({ name: 'product', load: () => 'not asked', ...ttl }).get('1')).toBe('loaded')
  })

  test('a key of another Redis type is replaced, too', async () => {
    const namespace = ownNamespace()
    await redis.lpush(`${namespace}:v:{product:1}`, 'a list')
    await oneProcess(namespace).define({ name: 'product', load: () => 'loaded', ...ttl }).get('1')
    expect(await oneProcess(namespace).define({ name: 'product', load: () => 'not asked', ...ttl }).get('1')).toBe('loaded')
  })

  test('ids may hold anything, braces and line ends too', async () => {
    const namespace = ownNamespace()
    const ids = ['}', '{', 'a}b{c', '', ' ', 'ключ', 'a\r\nb', 'x'.repeat(1_000)]
    await oneProcess(namespace).define({ name: 'product', load: (id: string) => `value of ${id}`, ...ttl }).getMany(ids)
    const again = await oneProcess(namespace).define({ name: 'product', load: () => 'not asked', ...ttl }).getMany(ids)
    expect([...again]).toEqual(ids.map((id) => [id, `value of ${id}`]))
  })
})

describe('processes together', () => {
  test.each([100, 1_000, 10_000])('%i callers in 4 processes cause one load', async (callers) => {
    const namespace = ownNamespace()
    const loader = new DeferredLoader<string>()
    const processes = Array.from({ length: 4 }, () => oneProcess(namespace).define({ name: 'product', load: loader.load, ...ttl }))
    const answers = processes.flatMap((products) => Array.from({ length: callers / 4 }, () => products.get('1')))
    await until('somebody loads', () => loader.calls.length > 0)
    loader.last.resolve('v')
    expect(new Set(await Promise.all(answers))).toEqual(new Set(['v']))
    expect(loader.calls).toHaveLength(1)
  })

  test('a value that was loaded before another process invalidated it is not stored anywhere', async () => {
    const namespace = ownNamespace()
    const loader = new DeferredLoader<string>()
    const a = oneProcess(namespace).define({ name: 'product', load: loader.load, ...ttl })
    const b = oneProcess(namespace).define({ name: 'product', load: () => 'new', ...ttl })
    const reading = a.get('1')
    await until('a loads', () => loader.calls.length > 0)
    expect(await b.invalidate('1')).toBe('deleted')
    loader.last.resolve('old')
    expect(await reading).toBe('old')
    expect(a.peek('1')).toBeUndefined()
    expect(await redis.exists(`${namespace}:v:{product:1}`)).toBe(0)
    expect(await b.get('1')).toBe('new')
    expect(await a.get('1')).toBe('new')
  })

  test('a load voided by an invalidation does not keep others waiting', async () => {
    const namespace = ownNamespace()
    const loader = new DeferredLoader<string>()
    const a = oneProcess(namespace).define({ name: 'product', load: loader.load, ...ttl })
    const b = oneProcess(namespace, { leaseTtl: '60s', leaseWait: '60s' }).define({ name: 'product', load: () => 'new', ...ttl })
    const reading = a.get('1')
    await until('a loads', () => loader.calls.length > 0)
    await b.invalidate('1')
    expect(await b.get('1')).toBe('new')
    loader.last.resolve('old')
    await reading
    expect(await a.get('1')).toBe('new')
  })

  test('a load that read the source before a write of another process does not replace the written value', async () => {
    const namespace = ownNamespace()
    const loader = new DeferredLoader<string>()
    const a = oneProcess(namespace).define({ name: 'product', load: loader.load, ...ttl })
    const b = oneProcess(namespace).define({ name: 'product', load: () => 'not asked', ...ttl })
    const reading = a.get('1')
    await until('a loads', () => loader.calls.length > 0)
    expect(await b.write('1', 'written', () => {})).toBe('stored')
    loader.last.resolve('old')
    await reading
    expect(await a.get('1')).toBe('written')
  })

  test('of two writes that overlap in two processes neither stays', async () => {
    const namespace = ownNamespace()
    const [a, b] = [1, 2].map(() => oneProcess(namespace).define({ name: 'product', load: () => 'from the source', ...ttl }))
    let inA = false
    let commitA = (): void => {}
    const writeA = a!.write('1', 'A', () => new Promise<void>((resolve) => {
      inA = true
      commitA = resolve
    }))
    await until('A persists', () => inA)
    expect(await b!.write('1', 'B', () => {})).toBe('stored')
    commitA()
    expect(await writeA).toBe('invalidated')
    expect(await redis.exists(`${namespace}:v:{product:1}`)).toBe(0)
  })

  test('an older version never replaces a newer one', async () => {
    const namespace = ownNamespace()
    const [a, b] = [1, 2].map(() => oneProcess(namespace).define({ name: 'product', load: () => 'not asked', ...ttl }))
    expect(await a!.write('1', 'second', () => {}, { version: 2 })).toBe('stored')
    expect(await b!.write('1', 'first', () => {}, { version: 1 })).toBe('superseded')
    expect(await b!.write('1', 'second again', () => {}, { version: 2 })).toBe('superseded')
    expect(await b!.get('1')).toBe('second')
    expect(await b!.write('1', 'third', () => {}, { version: 3 })).toBe('stored')
    expect(await redis.exists(`${namespace}:l:{product:1}`)).toBe(0)
  })

  test('another process sees a write after maxStaleness at the latest', async () => {
    const namespace = ownNamespace()
    const a = oneProcess(namespace).define({ name: 'product', load: () => 'old', ...ttl })
    const b = oneProcess(namespace, { local: { maxStaleness: 50 } }).define({ name: 'product', load: () => 'not asked', ...ttl })
    await a.get('1')
    expect(await b.get('1')).toBe('old')
    await a.write('1', 'new', () => {})
    await until('b sees the write', async () => (await b.get('1')) === 'new')
  })

  test('one process refreshes a stale entry, and the rest take what it stored', async () => {
    const namespace = ownNamespace()
    const loader = new DeferredLoader<string>()
    const policy = { softTtl: 200, hardTtl: '10m', jitter: 0 } as const
    const processes = Array.from({ length: 3 }, () => oneProcess(namespace, { local: { maxStaleness: 20 } }).define({ name: 'product', load: loader.load, ...policy }))
    const first = processes[0]!.get('1')
    await until('the first load', () => loader.calls.length === 1)
    loader.last.resolve('old')
    await first
    await until('the refresh', async () => {
      expect(await Promise.all(processes.map((products) => products.get('1')))).toEqual(['old', 'old', 'old'])
      return loader.calls.length === 2
    })
    for (let i = 0; i < 20; i++) expect(await Promise.all(processes.map((products) => products.get('1')))).toEqual(['old', 'old', 'old'])
    expect(loader.calls).toHaveLength(2)
    loader.calls[1]!.resolve('new')
    await until('all see the new value', async () => (await Promise.all(processes.map((products) => products.get('1')))).every((value) => value === 'new'))
  })
})

describe('a client passed in', () => {
  test('is used and left open', async () => {
    const client = new Redis(inject('redisUrl'))
    const namespace = ownNamespace()
    const cache = createCache({ namespace, redis: client })
    expect(await cache.define({ name: 'product', load: () => 'v', ...ttl }).get('1')).toBe('v')
    await cache.close()
    expect(await client.exists(`${namespace}:v:{product:1}`)).toBe(1)
    client.disconnect()
  })

  test('may be lazy and have a key prefix', async () => {
    const client = new Redis(inject('redisUrl'), { lazyConnect: true, keyPrefix: 'prefix:' })
    const namespace = ownNamespace()
    const cache = createCache({ namespace, redis: client })
    const products = cache.define({ name: 'product', load: (id: string) => id, ...ttl })
    await products.getMany(['1', '2'])
    expect(await redis.exists(`prefix:${namespace}:v:{product:1}`, `prefix:${namespace}:v:{product:2}`)).toBe(2)
    await products.invalidate('1')
    expect(await redis.exists(`prefix:${namespace}:v:{product:1}`)).toBe(0)
    await cache.close()
    client.disconnect()
  })
})

test('a Redis Cluster is read, filled and invalidated key by key', async () => {
  const server = await OwnRedis.start(['--cluster-enabled', 'yes', '--cluster-config-file', 'nodes.conf', '--cluster-announce-ip', '127.0.0.1'])
  const admin = new Redis(server.url)
  await admin.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
  await until('the cluster is up', async () => String(await admin.call('CLUSTER', 'INFO')).includes('cluster_state:ok'))
  const clusters = [1, 2].map(() => new Cluster([{ host: '127.0.0.1', port: server.port }]))
  await until('the clients are connected', () => clusters.every(({ status }) => status === 'ready'))
  const [a, b] = clusters.map((redis) => oneProcess('cluster', { redis }).define({ name: 'product', load: (id: string) => id, ...ttl }))
  const ids = Array.from({ length: 50 }, (_, i) => `p${i}`)
  await a!.getMany(ids)
  const stored = async (): Promise<number> => (await admin.keys('cluster:v:*')).length
  expect(await stored()).toBe(50)
  expect([...(await b!.getMany(ids)).values()]).toEqual(ids)
  expect(await b!.write('p1', 'written', () => {})).toBe('stored')
  expect(await a!.invalidate('p2')).toBe('deleted')
  expect(await stored()).toBe(49)
  for (const client of [...clusters, admin]) client.disconnect()
  await server.remove()
})

test('a closed cache refuses calls and closes its own connection', async () => {
  const cache = createCache({ namespace: ownNamespace(), redis: inject('redisUrl') })
  const products = cache.define({ name: 'product', load: () => 'v', ...ttl })
  await products.get('1')
  await cache.close()
  await expect(products.get('1')).rejects.toMatchObject({ code: 'CACHE_CLOSED' })
  expect(cache.stats().redis.reachable).toBe(false)
})
