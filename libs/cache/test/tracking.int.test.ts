import { Cluster, Redis } from 'ioredis'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Cache, type CacheError, type CacheOptions, type Clock, createCache, type Definition, SystemClock } from '../src/index.ts'
import { DeferredLoader } from './deferred-loader.ts'
import { OwnRedis, until } from './redis-fixture.ts'

// A local copy that nobody tells of a change would be used for ten minutes.
const ttl = { softTtl: '10m', hardTtl: '20m', jitter: 0 } as const
const KEY = 'tracking:v:{product:1}'
const caches: Cache[] = []
const errors: CacheError[] = []
let server: OwnRedis
let stranger: Redis

function oneProcess(options: Partial<CacheOptions> = {}): { cache: Cache; products: Definition<string> } {
  const cache = createCache({ namespace: 'tracking', redis: server.url, local: { maxStaleness: '10m' }, onError: (error) => errors.push(error), ...options })
  caches.push(cache)
  return { cache, products: cache.define({ name: 'product', load: () => 'from the source', ...ttl }) }
}

async function tracking(cache: Cache): Promise<void> {
  await until('changes are heard', () => cache.stats().redis.tracking === 'live')
}

/** Three processes that hear of changes and hold a local copy of product 1. */
async function threeProcesses(): Promise<{ cache: Cache; products: Definition<string> }[]> {
  const processes = [oneProcess(), oneProcess(), oneProcess()]
  for (const { cache, products } of processes) {
    await tracking(cache)
    await until('the copy is kept', async () => (await products.get('1')) !== undefined && products.peek('1') !== undefined)
  }
  return processes
}

beforeEach(async () => {
  server = await OwnRedis.start()
  stranger = new Redis(server.url)
  stranger.on('error', () => {})
  errors.length = 0
})

afterEach(async () => {
  server.thaw()
  await Promise.all(caches.splice(0).map((cache) => cache.close()))
  stranger.disconnect()
  await server.remove()
})

test.each([
  ['DEL', () => stranger.del(KEY)],
  ['SET', () => stranger.set(KEY, 'somebody else wrote this')],
  ['PEXPIRE', () => stranger.pexpire(KEY, 1)],
  ['FLUSHALL', () => stranger.flushall()],
])('every process sees a %s that a stranger sends', async (_name, change) => {
  const processes = await threeProcesses()
  await change()
  await until('no process keeps its copy', () => processes.every(({ products }) => products.peek('1') === undefined))
  for (const { products } of processes) expect(await products.get('1')).toBe('from the source')
})

test('a write of one process is seen by the others', async () => {
  const [writer, ...readers] = await threeProcesses()
  expect(await writer!.products.write('1', 'written', () => {})).toBe('stored')
  await until('all see it', async () => (await Promise.all(readers.map(({ products }) => products.get('1')))).every((value) => value === 'written'))
  for (const { products } of readers) await until('and keep it', async () => (await products.get('1')) === 'written' && products.peek('1') === 'written')
})

test('a load under way in one process is not joined by callers after another process invalidated the key, although Redis has no entry', async () => {
  const loader = new DeferredLoader<string>()
  const { cache } = oneProcess()
  const products = cache.define({ name: 'slow', load: loader.load, ...ttl })
  const other = oneProcess().cache.define({ name: 'slow', load: loader.load, ...ttl })
  await tracking(cache)
  const before = products.get('1')
  await until('the load runs', () => loader.calls.length === 1)
  const heard = cache.stats().redis.changesHeard
  await other.invalidate('1')
  await until('the invalidation is heard', () => cache.stats().redis.changesHeard > heard)
  const after = products.get('1')
  await until('a second load runs', () => loader.calls.length === 2)
  loader.calls[0]!.resolve('old')
  loader.calls[1]!.resolve('new')
  expect([await before, await after]).toEqual(['old', 'new'])
  expect(await other.get('1')).toBe('new')
})

test('leases cause no message', async () => {
  const [{ cache }] = [oneProcess()]
  await tracking(cache)
  const before = cache.stats().redis.changesHeard
  await stranger.set('tracking:l:{product:1}', 'a token', 'PX', 1_000)
  await stranger.set(KEY, 'x')
  await until('the entry is heard of', () => cache.stats().redis.changesHeard > before)
  expect(cache.stats().redis.changesHeard).toBe(before + 1)
})

test('when the connection is killed copies are not relied on until it is back, and a change made meanwhile is seen', async () => {
  const { cache, products } = oneProcess()
  await tracking(cache)
  await until('the copy is kept', async () => (await products.get('1')) === 'from the source' && products.peek('1') !== undefined)
  const { products: writer } = oneProcess({ local: { tracking: false } })
  await stranger.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
  expect(await writer.write('1', 'written meanwhile', () => {})).toBe('stored')
  await until('the loss was noticed', () => cache.stats().redis.trackingLosses === 1)
  await until('the change is seen', async () => (await products.get('1')) === 'written meanwhile')
  await tracking(cache)
  await until('the copy is kept', async () => (await products.get('1')) === 'written meanwhile' && products.peek('1') !== undefined)
  await stranger.del(KEY)
  await until('changes are heard again', () => products.peek('1') === undefined)
})

test('a Redis that hangs is noticed by the missing answer to a ping; copies are then served only as stale', async () => {
  const [{ cache, products }] = (await threeProcesses()) as [{ cache: Cache; products: Definition<string> }]
  server.freeze()
  await until('copies are not relied on', () => products.peek('1') === undefined)
  expect(cache.stats().redis.trackingLosses).toBe(1)
  expect(await products.get('1')).toBe('from the source')
  expect(cache.stats().definitions['product']!.localStale).toBe(1)
  server.thaw()
  await tracking(cache)
  await until('the copy is relied on again', async () => (await products.get('1')) !== undefined && products.peek('1') !== undefined)
})

test('changes are heard again after Redis was killed and started', async () => {
  const { cache, products } = oneProcess()
  await tracking(cache)
  await server.kill()
  await until('the loss was noticed', () => cache.stats().redis.tracking !== 'live')
  await server.start()
  // A value loaded before the other connection is back as well would not be in Redis, so that nobody could hear of its change.
  await until('Redis is asked', () => cache.stats().redis.reachable)
  await tracking(cache)
  await until('the copy is kept', async () => (await products.get('1')) !== undefined && products.peek('1') !== undefined)
  await stranger.del(KEY)
  await until('the copy is gone', () => products.peek('1') === undefined)
  expect(cache.stats().redis.changesHeard).toBeGreaterThan(1)
})

/** Two processes that Redis refuses to tell of changes by strangers. */
async function twoWithoutTracking(maxStaleness: number): Promise<{ cache: Cache; products: Definition<string> }[]> {
  await stranger.call('ACL', 'SETUSER', 'app', 'on', '>secret', '~*', '&*', '+@all', '-client|tracking')
  const processes = [1, 2].map(() => oneProcess({ redis: `redis://app:secret@127.0.0.1:${server.port}`, local: { maxStaleness } }))
  await until('pub/sub takes its place', () => processes.every(({ cache }) => cache.stats().coherence === 'pubsub'))
  return processes
}

test('where tracking is refused, what this library changes is heard by pub/sub', async () => {
  const [writer, reader] = (await twoWithoutTracking(600_000)) as [{ products: Definition<string> }, { cache: Cache; products: Definition<string> }]
  expect(reader.cache.stats().redis.tracking).toBe('refused')
  expect(errors.map(({ code }) => code)).toEqual(['TRACKING_REFUSED', 'TRACKING_REFUSED'])
  const isKept = (value: string): Promise<void> => until(`${value} is kept`, async () => (await reader.products.get('1')) === value && reader.products.peek('1') === value)
  await isKept('from the source')
  expect(await writer.products.write('1', 'written', () => {})).toBe('stored')
  await isKept('written')
  expect(await writer.products.invalidate('1')).toBe('deleted')
  await isKept('from the source')
})

test('where tracking is refused, what a stranger changes is noticed after maxStaleness', async () => {
  const [{ products }] = (await twoWithoutTracking(1_000)) as [{ cache: Cache; products: Definition<string> }]
  await until('the copy is kept', async () => (await products.get('1')) === 'from the source' && products.peek('1') !== undefined)
  await stranger.del(KEY)
  expect(products.peek('1')).toBe('from the source')
  await until('the copy ends by itself', () => products.peek('1') === undefined)
})

test('when the connection of pub/sub is killed copies are not relied on until it is back', async () => {
  const [writer, reader] = (await twoWithoutTracking(600_000)) as [{ products: Definition<string> }, { cache: Cache; products: Definition<string> }]
  await until('the copy is kept', async () => (await reader.products.get('1')) === 'from the source' && reader.products.peek('1') !== undefined)
  await stranger.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
  expect(await writer.products.write('1', 'written meanwhile', () => {})).toBe('stored')
  await until('the loss is noticed', () => reader.cache.stats().redis.trackingLosses === 1)
  await until('the change is seen', async () => (await reader.products.get('1')) === 'written meanwhile')
})

test('where tracking and pub/sub are refused the cache says so and keeps to maxStaleness', async () => {
  await stranger.call('ACL', 'SETUSER', 'app', 'on', '>secret', '~*', 'resetchannels', '+@all', '-client|tracking')
  const { cache, products } = oneProcess({ redis: `redis://app:secret@127.0.0.1:${server.port}`, local: { maxStaleness: 50 } })
  await until('the refusal is noticed', () => cache.stats().redis.tracking === 'refused')
  expect(errors.map(({ code }) => code)).toEqual(['TRACKING_REFUSED'])
  expect(cache.stats().coherence).toBe('none')
  await products.get('1')
  expect(products.peek('1')).toBe('from the source')
  await stranger.del(KEY)
  await until('the copy ends by itself', () => products.peek('1') === undefined)
})

test('a server that refused is asked again later', async () => {
  await stranger.call('ACL', 'SETUSER', 'app', 'on', '>secret', '~*', 'resetchannels', '+@all', '-client|tracking')
  const system = new SystemClock()
  // The pause of 30 s, a thousand times as fast.
  const clock: Clock = { now: () => system.now(), exactNow: () => system.exactNow(), setTimer: (run, delayMs) => system.setTimer(run, delayMs === 30_000 ? 30 : delayMs) }
  const { cache } = oneProcess({ redis: `redis://app:secret@127.0.0.1:${server.port}`, clock })
  await until('the refusal is noticed', () => errors.length > 0)
  await stranger.call('ACL', 'SETUSER', 'app', 'allchannels', '+client|tracking')
  await tracking(cache)
  expect(errors.every(({ code }) => code === 'TRACKING_REFUSED')).toBe(true)
})

test('a client with a key prefix hears of its keys', async () => {
  const client = new Redis(server.url, { keyPrefix: 'prefix:' })
  const { cache, products } = oneProcess({ redis: client })
  await tracking(cache)
  await until('the copy is kept', async () => (await products.get('1')) !== undefined && products.peek('1') !== undefined)
  await stranger.del(`prefix:${KEY}`)
  await until('the copy is gone', () => products.peek('1') === undefined)
  expect(cache.stats().redis.changesHeard).toBeGreaterThan(1)
  await caches.pop()!.close()
  client.disconnect()
})

test('tracking that is switched off opens no connection', async () => {
  const { cache, products } = oneProcess({ local: { tracking: false } })
  await products.get('1')
  expect(cache.stats().redis.tracking).toBe('off')
  expect(String(await stranger.client('LIST', 'TYPE', 'PUBSUB'))).toBe('')
})

test('each master of a cluster is heard', async () => {
  const nodes = await Promise.all([1, 2].map(() => OwnRedis.start(['--cluster-enabled', 'yes', '--cluster-config-file', 'nodes.conf', '--cluster-announce-ip', '127.0.0.1'])))
  const [first, second] = nodes.map(({ url }) => new Redis(url)) as [Redis, Redis]
  await first.call('CLUSTER', 'ADDSLOTSRANGE', '0', '8191')
  await second.call('CLUSTER', 'ADDSLOTSRANGE', '8192', '16383')
  await first.call('CLUSTER', 'MEET', '127.0.0.1', String(nodes[1]!.port))
  for (const node of [first, second]) await until('the cluster is up', async () => /cluster_state:ok[\s\S]*cluster_known_nodes:2/.test(String(await node.call('CLUSTER', 'INFO'))))
  const client = new Cluster([{ host: '127.0.0.1', port: nodes[0]!.port }])
  const cache = createCache({ namespace: 'tracking', redis: client })
  const products = cache.define({ name: 'product', load: (id: string) => id, ...ttl })
  await tracking(cache)
  const ids = Array.from({ length: 40 }, (_, i) => `p${i}`)
  await until('copies are kept', async () => (await products.getMany(ids)).size === 40 && ids.every((id) => products.peek(id) === id))
  expect(await first.dbsize()).toBeGreaterThan(0)
  expect(await second.dbsize()).toBeGreaterThan(0)
  await first.flushall()
  await until('copies are gone', () => ids.every((id) => products.peek(id) === undefined))
  await until('copies are kept', async () => (await products.getMany(ids)).size === 40 && ids.every((id) => products.peek(id) === id))
  await second.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
  await until('the loss of one is noticed', () => cache.stats().redis.trackingLosses === 1)
  await tracking(cache)
  await cache.close()
  for (const each of [client, first, second]) each.disconnect()
  await Promise.all(nodes.map((node) => node.remove()))
})
