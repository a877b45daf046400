import { randomBytes } from 'node:crypto'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, expect, inject, test, vi } from 'vitest'
import { type Cache, type CacheOptions, createCache } from '../src/index.ts'
import { ownNamespace } from './redis-fixture.ts'

const ttl = { softTtl: '1m', hardTtl: '10m' } as const
const caches: Cache[] = []
let redis: Redis

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

const large = { id: '1', text: 'the same words again and again, '.repeat(10_000) }

test('large compressed and encrypted values go through Redis between processes, loaded once', async () => {
  const namespace = ownNamespace()
  const encrypted = { keys: [{ id: 'a', secret: randomBytes(32) }] }
  const options = { compression: { algorithm: 'zstd' }, encrypted } as const
  const load = vi.fn((id: string) => ({ ...large, id }))
  const first = oneProcess(namespace, options).define({ name: 'report', load, ...ttl })
  await Promise.all([first.get('1'), first.write('2', { ...large, id: '2' }, () => {})])
  expect(await redis.strlen(`${namespace}:v:{report:1}`)).toBeLessThan(2_000)
  const second = oneProcess(namespace, options)
  const reports = second.define({ name: 'report', load, ...ttl })
  expect([...(await reports.getMany(['1', '2'])).values()]).toEqual([large, { ...large, id: '2' }])
  expect(load).toHaveBeenCalledTimes(1)
  expect(second.stats().definitions['report']).toMatchObject({ redisFresh: 2, loads: 0 })
})

test('an entry that somebody copied to another key is not believed', async () => {
  const namespace = ownNamespace()
  const encrypted = { keys: [{ id: 'a', secret: randomBytes(32) }] }
  const options = { name: 'balance', load: (id: string) => `balance of ${id}`, ...ttl }
  await oneProcess(namespace, { encrypted }).define(options).get('rich')
  await redis.copy(`${namespace}:v:{balance:rich}`, `${namespace}:v:{balance:poor}`)
  const cache = oneProcess(namespace, { encrypted })
  expect(await cache.define(options).get('poor')).toBe('balance of poor')
  expect(cache.stats().definitions['balance']).toMatchObject({ undecryptable: 1, loads: 1 })
})

test('a definition that changes its serialiser loads anew, and the new entry is read by others', async () => {
  const namespace = ownNamespace()
  const options = { name: 'product', load: (id: string) => ({ id }), ...ttl }
  await oneProcess(namespace).define(options).get('1')
  const changed = oneProcess(namespace)
  expect(await changed.define({ ...options, serialiser: 'json' }).get('1')).toEqual({ id: '1' })
  expect(changed.stats().definitions['product']).toMatchObject({ foreign: 1, loads: 1 })
  const other = oneProcess(namespace, { serialiser: 'json' })
  expect(await other.define(options).get('1')).toEqual({ id: '1' })
  expect(other.stats().definitions['product']).toMatchObject({ foreign: 0, loads: 0, redisFresh: 1 })
})
