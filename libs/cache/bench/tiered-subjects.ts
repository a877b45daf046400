import { createKeyv, Keyv } from '@keyv/redis'
import { BentoCache, bentostore } from 'bentocache'
import { memoryDriver } from 'bentocache/drivers/memory'
import { redisDriver } from 'bentocache/drivers/redis'
import { createCache as createManager } from 'cache-manager'
import { Cacheable } from 'cacheable'
import { Redis } from 'ioredis'
import { Loader } from 'layered-loader/core'
import { RedisCache } from 'layered-loader/redis'
import { createCache } from '../src/index.ts'
import { type Product, productOf } from './product.ts'
import { assertRedisAnswered, REDIS_TIMEOUT_MS } from './redis-subjects.ts'
import type { Subject } from './subject.ts'

const TTL_MS = 3_600_000
const MAX_ITEMS = 10_000

/** Each library that has two tiers, with both. Ours takes its lease, and hears of changes, as by default; none of the others locks between processes. */
export async function tieredSubjects(url: string): Promise<Subject[]> {
  const load = (id: string): Promise<Product> => Promise.resolve(productOf(id))
  return [ballast(url, load), layeredLoader(url, load), bentocache(url, load), await cacheManager(url, load), await cacheable(url, load)]
}

function ballast(url: string, load: (id: string) => Promise<Product>): Subject {
  const cache = createCache({ namespace: 'tiered', redis: url, redisTimeout: REDIS_TIMEOUT_MS, local: { maxItems: MAX_ITEMS } })
  const products = cache.define({ name: 'product', load, softTtl: TTL_MS, hardTtl: TTL_MS })
  return { name: '@ballast/cache', get: (id) => products.get(id), verify: () => assertRedisAnswered(cache), close: () => cache.close() }
}

function layeredLoader(url: string, load: (id: string) => Promise<Product>): Subject {
  const redis = new Redis(url, { enableAutoPipelining: true })
  const loader = new Loader<Product>({
    inMemoryCache: { ttlInMsecs: TTL_MS, maxItems: MAX_ITEMS, cacheType: 'lru-object' },
    asyncCache: new RedisCache<Product>(redis, { json: true, prefix: 'tiered-layered', ttlInMsecs: TTL_MS }),
    dataSourceGetOneFn: load,
  })
  return { name: 'layered-loader', get: (id) => loader.get(id), close: () => redis.disconnect() }
}

function bentocache(url: string, load: (id: string) => Promise<Product>): Subject {
  const connection = new Redis(url, { enableAutoPipelining: true })
  const tiers = bentostore()
    .useL1Layer(memoryDriver({ maxItems: MAX_ITEMS, serialize: false }))
    .useL2Layer(redisDriver({ connection, prefix: 'tiered-bento' }))
  const bento = new BentoCache({ default: 'tiers', stores: { tiers } })
  return { name: 'bentocache', get: (id) => bento.getOrSet({ key: id, ttl: TTL_MS, factory: () => load(id) }), close: () => bento.disconnectAll() }
}

async function cacheManager(url: string, load: (id: string) => Promise<Product>): Promise<Subject> {
  const store = createKeyv(url, { namespace: 'tiered-manager' })
  await store.has('connect')
  const cache = createManager({ ttl: TTL_MS, stores: [new Keyv(), store] })
  return { name: 'cache-manager', get: (id) => cache.wrap(id, () => load(id)), close: () => cache.disconnect() }
}

async function cacheable(url: string, load: (id: string) => Promise<Product>): Promise<Subject> {
  const secondary = createKeyv(url, { namespace: 'tiered-cacheable' })
  await secondary.has('connect')
  const cache = new Cacheable({ ttl: TTL_MS, secondary })
  return { name: 'cacheable', get: (id) => cache.getOrSet(id, () => load(id)), close: () => cache.disconnect() }
}
