import { cachified, type CacheEntry } from '@epic-web/cachified'
import { createCache as createDedupe } from 'async-cache-dedupe'
import { BentoCache, bentostore } from 'bentocache'
import { memoryDriver } from 'bentocache/drivers/memory'
import { createCache as createManager } from 'cache-manager'
import { Cacheable } from 'cacheable'
import { Loader } from 'layered-loader/core'
import { LRUCache } from 'lru-cache'
import { createCache } from '../src/index.ts'
import { type Product, productOf } from './product.ts'
import type { Subject } from './subject.ts'

const MAX_ITEMS = 10_000
const TTL_MS = 3_600_000

/** Each library with its in-memory tier alone, through the call that loads on a miss. */
export function localSubjects(): Subject[] {
  const load = (id: string): Promise<Product> => Promise.resolve(productOf(id))
  return [ballast(load), rawLru(), layeredLoader(load), dedupe(load), withCachified(load), bentocache(load), cacheable(load), cacheManager(load)]
}

function ballast(load: (id: string) => Promise<Product>): Subject {
  const cache = createCache({ namespace: 'bench', redis: false, local: { maxItems: MAX_ITEMS } })
  const products = cache.define({ name: 'product', load, softTtl: TTL_MS, hardTtl: TTL_MS })
  return { name: '@ballast/cache', get: (id) => products.get(id), close: () => cache.close() }
}

function rawLru(): Subject {
  const lru = new LRUCache<string, Product>({ max: MAX_ITEMS })
  return {
    name: 'lru-cache',
    get: (id) => {
      const found = lru.get(id)
      if (found !== undefined) return found
      const product = productOf(id)
      lru.set(id, product)
      return product
    },
  }
}

function layeredLoader(load: (id: string) => Promise<Product>): Subject {
  const loader = new Loader<Product>({ inMemoryCache: { ttlInMsecs: TTL_MS, maxItems: MAX_ITEMS, cacheType: 'lru-object' }, dataSourceGetOneFn: load })
  return { name: 'layered-loader', get: (id) => loader.get(id) }
}

function dedupe(load: (id: string) => Promise<Product>): Subject {
  const cache = createDedupe({ ttl: TTL_MS / 1000, storage: { type: 'memory', options: { size: MAX_ITEMS } } }).define('product', load)
  return { name: 'async-cache-dedupe', get: (id) => cache.product(id) }
}

function withCachified(load: (id: string) => Promise<Product>): Subject {
  const cache = new LRUCache<string, CacheEntry>({ max: MAX_ITEMS })
  return { name: 'cachified', get: (id) => cachified({ key: id, cache, ttl: TTL_MS, getFreshValue: () => load(id) }) }
}

function bentocache(load: (id: string) => Promise<Product>): Subject {
  const bento = new BentoCache({ default: 'memory', stores: { memory: bentostore().useL1Layer(memoryDriver({ maxItems: MAX_ITEMS, serialize: false })) } })
  return { name: 'bentocache', get: (id) => bento.getOrSet({ key: id, ttl: TTL_MS, factory: () => load(id) }), close: () => bento.disconnectAll() }
}

function cacheable(load: (id: string) => Promise<Product>): Subject {
  const cache = new Cacheable({ ttl: TTL_MS })
  return { name: 'cacheable', get: (id) => cache.getOrSet(id, () => load(id)), close: () => cache.disconnect() }
}

function cacheManager(load: (id: string) => Promise<Product>): Subject {
  const cache = createManager({ ttl: TTL_MS })
  return { name: 'cache-manager', get: (id) => cache.wrap(id, () => load(id)), close: () => cache.disconnect() }
}
