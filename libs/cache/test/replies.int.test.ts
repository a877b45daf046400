import { createHash } from 'node:crypto'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, expect, inject, test, vi } from 'vitest'
import { type Cache, type CacheOptions, createCache } from '../src/index.ts'
import { OwnRedis, ownNamespace } from './redis-fixture.ts'

const ttl = { softTtl: '1m', hardTtl: '10m', jitter: 0 } as const
const caches: Cache[] = []
let redis: Redis

function oneProcess(namespace: string, options: Partial<CacheOptions> = {}): Cache {
  const cache = createCache({ namespace, redis: inject('redisUrl'), redisTimeout: '10s', ...options })
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

/** Each size and number has a text of its own, which can be compressed. */
function textOf(size: number, n: number): string {
  return createHash('sha512').update(`${size} ${n}`).digest('hex').repeat(Math.ceil(size / 128)).slice(0, size)
}

// Small ones come many at a time, the larger ones in several pieces.
const sizes = [300_000, 0, 1, 10, 300, 5_000, 40_000, 65_530, 65_536, 100_000]
const values = new Map(sizes.flatMap((size) => Array.from({ length: size === 100_000 ? 200 : 20 }, (_, n) => [`${size}-${n}`, { n, text: textOf(size, n) }])))

test.each([
  ['in place, on a connection of the cache', () => ({})],
  ['by ioredis, on a connection that it borrows', () => ({ redis })],
  ['compressed, which the larger ones are in the background', () => ({ compression: { algorithm: 'gzip', minBytes: 100 } })],
  ['by a serialiser that keeps the bytes it was given', () => ({ serialiser: { name: 'kept', encode: (value: unknown) => Buffer.from(JSON.stringify(value)), decode: (bytes: Uint8Array) => ({ bytes }) } })],
] as [string, () => Partial<CacheOptions>][])('values of all sizes that come at once are read right %s', async (_how, options) => {
  const namespace = ownNamespace()
  const load = vi.fn((id: string) => values.get(id)!)
  await oneProcess(namespace, options()).define({ name: 'text', load, ...ttl }).getMany([...values.keys()])
  const cache = oneProcess(namespace, options())
  const read = await cache.define<object>({ name: 'text', load: () => ({}), ...ttl }).getMany([...values.keys()])
  const plain = new Map([...read].map(([id, value]) => [id, 'bytes' in value && value.bytes instanceof Uint8Array ? JSON.parse(Buffer.from(value.bytes).toString()) : value]))
  expect([...values].filter(([id, value]) => JSON.stringify(plain.get(id)) !== JSON.stringify(value)).map(([id]) => id)).toEqual([])
  expect(cache.stats().definitions['text']).toMatchObject({ redisFresh: values.size, loads: 0 })
})

test('keys of any letters are found again, under the prefix that the address gives', async () => {
  const namespace = ownNamespace()
  const ids = ['plain', 'mit Umlaut ä', '商品', '😀', 'line\r\nbreak']
  const address = `${inject('redisUrl')}?keyPrefix=${encodeURIComponent('vorne-ü:')}`
  const written = oneProcess(namespace, { redis: address }).define({ name: 'product', load: (id: string) => `value of ${id}`, ...ttl })
  for (let round = 0; round < 2; round++) await Promise.all(ids.map((id) => written.get(id)))
  expect(await redis.exists(...ids.map((id) => `vorne-ü:${namespace}:v:{product:${id}}`))).toBe(ids.length)
  const cache = oneProcess(namespace, { redis: address })
  const read = await cache.define({ name: 'product', load: () => 'not asked', ...ttl }).getMany(ids)
  expect([...read.values()]).toEqual(ids.map((id) => `value of ${id}`))
})

test('a key of another type is none, and is replaced', async () => {
  const namespace = ownNamespace()
  await redis.rpush(`${namespace}:v:{product:1}`, 'a list')
  const cache = oneProcess(namespace)
  expect(await cache.define({ name: 'product', load: () => 'loaded', ...ttl }).get('1')).toBe('loaded')
  expect(await redis.type(`${namespace}:v:{product:1}`)).toBe('string')
})

test('values that are stored together keep lifetimes of their own', async () => {
  const namespace = ownNamespace()
  const lifetimes = [600_000, 600_000, 300_000, 600_000, 120_000, 120_000]
  const products = oneProcess(namespace).define({ name: 'product', load: (id: string, { set }) => (set({ softTtl: '1m', hardTtl: lifetimes[Number(id)]! }), id), softTtl: '1m', hardTtl: '1h', jitter: 0 })
  await Promise.all(lifetimes.map((_, id) => products.get(String(id))))
  const left = await Promise.all(lifetimes.map((_, id) => redis.pttl(`${namespace}:v:{product:${id}}`)))
  for (const [id, ms] of left.entries()) {
    expect(ms).toBeGreaterThan(lifetimes[id]! - 60_000)
    expect(ms).toBeLessThanOrEqual(lifetimes[id]!)
  }
})

test('a Redis that has forgotten the scripts is taught them again, and nothing is lost', async () => {
  const own = await OwnRedis.start()
  const admin = new Redis(own.url)
  try {
    const cache = oneProcess(ownNamespace(), { redis: own.url })
    const products = cache.define({ name: 'product', load: (id: string) => id, ...ttl })
    for (let round = 0; round < 4; round++) {
      await Promise.all(Array.from({ length: 10 }, (_, n) => products.get(`${round}-${n}`)))
      await admin.script('FLUSH')
    }
    expect(await admin.keys('*:v:*')).toHaveLength(40)
    expect(await admin.keys('*:l:*')).toEqual([])
    expect(cache.stats().redis.errors).toBe(0)
  } finally {
    admin.disconnect()
    await Promise.all(caches.splice(0).map((cache) => cache.close()))
    await own.remove()
  }
})
