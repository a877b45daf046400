import { cachified, type CacheEntry } from '@epic-web/cachified'
import { createKeyv } from '@keyv/redis'
import { createCache as createDedupe } from 'async-cache-dedupe'
import { BentoCache, bentostore } from 'bentocache'
import { redisDriver } from 'bentocache/drivers/redis'
import { createCache as createManager } from 'cache-manager'
import { Redis } from 'ioredis'
import { Loader } from 'layered-loader/core'
import { RedisCache } from 'layered-loader/redis'
import { type Cache, createCache } from '../src/index.ts'
import { type Product, productOf } from './product.ts'
import type { Subject } from './subject.ts'

const TTL_MS = 3_600_000
/** As patient as the others, which have none: on a machine that is busy with other things a cache that goes on without Redis would look fast. */
export const REDIS_TIMEOUT_MS = 10_000

/** @throws when Redis did not answer each time. */
export function assertRedisAnswered(cache: Cache): void {
  const { redis } = cache.stats()
  if (redis.errors > 0 || !redis.reachable) throw new Error(`Redis failed ${redis.errors} times: the figures would be those of a cache without it`)
}

/** Each library with Redis as its only tier that can answer, through the call that loads on a miss. All speak to the same server. */
export async function redisSubjects(url: string): Promise<Subject[]> {
  const load = (id: string): Promise<Product> => Promise.resolve(productOf(id))
  return [ballast(url, load), rawIoredis(url), layeredLoader(url, load), dedupe(url, load), withCachified(url, load), bentocache(url, load), await cacheManager(url, load)]
}

function ballast(url: string, load: (id: string) => Promise<Product>): Subject {
  // A local copy is never trusted: each call asks Redis.
  const cache = createCache({ namespace: 'bench', redis: url, redisTimeout: REDIS_TIMEOUT_MS, local: { maxItems: 1, maxStaleness: 0, tracking: false } })
  const products = cache.define({ name: 'product', load, softTtl: TTL_MS, hardTtl: TTL_MS })
  return { name: '@ballast/cache', get: (id) => products.get(id), getMany: (ids) => products.getMany(ids), verify: () => assertRedisAnswered(cache), close: () => cache.close() }
}

function rawIoredis(url: string): Subject {
  const redis = new Redis(url, { enableAutoPipelining: true })
  return {
    name: 'ioredis GET + JSON',
    get: async (id) => {
      const text = await redis.get(`raw:${id}`)
      if (text !== null) return JSON.parse(text) as Product
      const product = productOf(id)
      await redis.set(`raw:${id}`, JSON.stringify(product), 'PX', TTL_MS)
      return product
    },
    getMany: async (ids) => (await redis.mget(ids.map((id) => `raw:${id}`))).map((text) => JSON.parse(text!) as Product),
    close: () => redis.disconnect(),
  }
}

function layeredLoader(url: string, load: (id: string) => Promise<Product>): Subject {
  const redis = new Redis(url, { enableAutoPipelining: true })
  const loader = new Loader<Product>({ asyncCache: new RedisCache<Product>(redis, { json: true, prefix: 'layered', ttlInMsecs: TTL_MS }), dataSourceGetOneFn: load, cacheKeyFromValueResolver: ({ id }) => id })
  return { name: 'layered-loader', get: (id) => loader.get(id), getMany: (ids) => loader.getMany([...ids]), close: () => redis.disconnect() }
}

function dedupe(url: string, load: (id: string) => Promise<Product>): Subject {
  const redis = new Redis(url, { enableAutoPipelining: true })
  const cache = createDedupe({ ttl: TTL_MS / 1000, storage: { type: 'redis', options: { client: redis } } }).define('product', load)
  return { name: 'async-cache-dedupe', get: (id) => cache.product(id), close: () => redis.disconnect() }
}

function withCachified(url: string, load: (id: string) => Promise<Product>): Subject {
  const redis = new Redis(url, { enableAutoPipelining: true })
  const cache = {
    get: async (key: string): Promise<CacheEntry<Product> | null> => {
      const text = await redis.get(key)
      return text === null ? null : (JSON.parse(text) as CacheEntry<Product>)
    },
    set: (key: string, entry: CacheEntry<unknown>): unknown => redis.set(key, JSON.stringify(entry), 'PX', TTL_MS),
    delete: (key: string): unknown => redis.del(key),
  }
  return { name: 'cachified', get: (id) => cachified({ key: `cachified:${id}`, cache, ttl: TTL_MS, getFreshValue: () => load(id) }), close: () => redis.disconnect() }
}

function bentocache(url: string, load: (id: string) => Promise<Product>): Subject {
  const connection = new Redis(url, { enableAutoPipelining: true })
  const bento = new BentoCache({ default: 'redis', stores: { redis: bentostore().useL2Layer(redisDriver({ connection, prefix: 'bento' })) } })
  return { name: 'bentocache', get: (id) => bento.getOrSet({ key: id, ttl: TTL_MS, factory: () => load(id) }), close: () => bento.disconnectAll() }
}

async function cacheManager(url: string, load: (id: string) => Promise<Product>): Promise<Subject> {
  const store = createKeyv(url, { namespace: 'manager' })
  await store.has('connect')
  const cache = createManager({ ttl: TTL_MS, stores: [store] })
  return { name: 'cache-manager', get: (id) => cache.wrap(id, () => load(id)), getMany: (ids) => cache.mget<Product>([...ids]), close: () => cache.disconnect() }
}
