import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Redis } from 'ioredis'
import { freePort } from '../../../scripts/stack/free-port.ts'
import { type Cache, type CacheOptions, createCache } from '../src/index.ts'
import { OwnRedis, until, withoutHanging } from './redis-fixture.ts'

const ttl = { softTtl: '1m', hardTtl: '10m', jitter: 0 } as const
const caches: Cache[] = []
let redis: OwnRedis

function oneProcess(options: Partial<CacheOptions> = {}): Cache {
  const cache = createCache({ namespace: 'failure', redis: redis.url, ...options })
  caches.push(cache)
  return cache
}

beforeEach(async () => {
  redis = await OwnRedis.start()
})

afterEach(async () => {
  redis.thaw()
  await Promise.all(caches.splice(0).map((cache) => cache.close()))
  await redis.remove()
})

test.each(['killed', 'frozen'])('callers are answered by the loader while Redis is %s, and the cache finds back by itself', async (how) => {
  const cache = oneProcess()
  const load = vi.fn((id: string) => id)
  const products = cache.define({ name: 'product', load, ...ttl })
  await products.get('before')
  if (how === 'killed') await redis.kill()
  else redis.freeze()

  const ids = Array.from({ length: 200 }, (_, i) => `id${i}`)
  for (const id of ids.slice(0, 20)) expect(await withoutHanging(products.get(id))).toBe(id)
  expect(await withoutHanging(Promise.all(ids.map((id) => products.get(id))))).toEqual(ids)
  expect(load).toHaveBeenCalledTimes(201)
  expect(cache.stats().redis.reachable).toBe(false)
  expect(cache.stats().redis.errors).toBeLessThan(20)

  if (how === 'killed') await redis.start()
  else redis.thaw()
  await until('Redis is asked again', () => cache.stats().redis.reachable)
  expect(await products.get('after')).toBe('after')
  expect(await oneProcess().define({ name: 'product', load: () => 'not asked', ...ttl }).get('after')).toBe('after')
})

test.each(['killed', 'frozen'])('a stale value is served while Redis is %s and the loader fails', async (how) => {
  const load = vi.fn<() => Promise<string>>().mockResolvedValueOnce('stale').mockRejectedValue(new Error('source is down'))
  const products = oneProcess({ local: { maxStaleness: 1 } }).define({ name: 'product', load, softTtl: 1, hardTtl: '10m' })
  await products.get('1')
  if (how === 'killed') await redis.kill()
  else redis.freeze()
  for (let i = 0; i < 20; i++) expect(await withoutHanging(products.get('1'))).toBe('stale')
})

test('a Redis that hangs costs only the first calls its timeout', async () => {
  const cache = oneProcess()
  const products = cache.define({ name: 'product', load: (id: string) => id, ...ttl })
  // Then the mark of the namespace is known, and not asked for beside the first call.
  await until('changes are heard', () => cache.stats().redis.tracking === 'live')
  await products.get('before')
  redis.freeze()
  for (let i = 0; i < 50; i++) await withoutHanging(products.get(`id${i}`))
  expect(cache.stats().redis.errors).toBe(3)
})

test('the cache starts while Redis is away and uses it when it comes', async () => {
  await redis.kill()
  const cache = oneProcess()
  const products = cache.define({ name: 'product', load: (id: string) => id, ...ttl })
  expect(await withoutHanging(products.get('1'))).toBe('1')
  await redis.start()
  await until('Redis is asked', () => cache.stats().redis.reachable)
  await products.get('2')
  const client = new Redis(redis.url)
  expect(await client.exists('failure:v:{product:2}')).toBe(1)
  client.disconnect()
})

test('a Redis host that never answers does not hold up the start', async () => {
  const cache = oneProcess({ redis: `redis://127.0.0.1:${await freePort()}` })
  expect(await withoutHanging(cache.getOrLoad('k', () => 'v', ttl))).toBe('v')
})

test.each(['killed', 'frozen'])('an invalidation made while Redis is %s arrives when it is back', async (how) => {
  const a = oneProcess()
  const products = a.define({ name: 'product', load: vi.fn<() => string>().mockReturnValueOnce('old').mockReturnValue('new'), ...ttl })
  await products.get('1')
  if (how === 'killed') await redis.kill()
  else redis.freeze()
  expect(await withoutHanging(products.invalidate('1'))).toBe('queued')
  expect(a.stats().redis.queuedInvalidations).toBe(1)
  expect(await withoutHanging(products.get('1'))).toBe('new')
  if (how === 'killed') {
    await redis.start()
    // As if this Redis had kept its data: the old entry is there again.
    const client = new Redis(redis.url)
    await client.set('failure:v:{product:1}', 'the old entry')
    await until('the invalidation lands', async () => (await client.exists('failure:v:{product:1}')) === 0)
    client.disconnect()
  } else {
    redis.thaw()
  }
  await until('the queue is empty', () => a.stats().redis.queuedInvalidations === 0)
  expect(await oneProcess().define({ name: 'product', load: () => 'asked the source', ...ttl }).get('1')).toBe('asked the source')
})

test('more invalidations than the queue holds are refused with an error, and the local copy is gone all the same', async () => {
  const products = oneProcess({ maxQueuedInvalidations: 2 }).define({ name: 'product', load: (id: string) => id, ...ttl })
  await products.getMany(['1', '2', '3'])
  await redis.kill()
  expect(await Promise.all([products.invalidate('1'), products.invalidate('2'), products.invalidate('1')])).toEqual(['queued', 'queued', 'queued'])
  await expect(products.invalidate('3')).rejects.toMatchObject({ code: 'INVALIDATION_QUEUE_FULL' })
  expect(products.peek('3')).toBeUndefined()
})

test('a client passed in with the defaults of ioredis does not make callers wait either', async () => {
  const client = new Redis(redis.url)
  client.on('error', () => {})
  const products = oneProcess({ redis: client }).define({ name: 'product', load: (id: string) => id, ...ttl })
  await products.get('before')
  await redis.kill()
  for (let i = 0; i < 10; i++) expect(await withoutHanging(products.get(`id${i}`))).toBe(`id${i}`)
  client.disconnect()
})

test('close() ends in bounded time while Redis is frozen', async () => {
  const cache = oneProcess()
  const products = cache.define({ name: 'product', load: (id: string) => id, ...ttl })
  await products.get('1')
  redis.freeze()
  await products.invalidate('1')
  await expect(withoutHanging(cache.close())).resolves.toBeUndefined()
})
