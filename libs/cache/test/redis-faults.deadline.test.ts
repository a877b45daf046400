import { Redis } from 'ioredis'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Cache, createCache } from '../src/index.ts'
import { Drill, LagProbe } from './drill.ts'
import { OwnRedis, until } from './redis-fixture.ts'

const TIMEOUT_MS = 250
/** What a call may take longer than its deadline. */
const GRACE_MS = 50
/** Between two pings of the channel of changes. */
const PING_INTERVAL_MS = 1_000
const FAULT_MS = 1_000

const caches: Cache[] = []
let server: OwnRedis
let stranger: Redis

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

async function processes(count: number): Promise<Cache[]> {
  const made = Array.from({ length: count }, () => createCache({ namespace: 'faults', redis: server.url, redisTimeout: TIMEOUT_MS }))
  caches.push(...made)
  await until('changes are heard', () => made.every((cache) => cache.stats().redis.tracking === 'live'))
  return made
}

beforeEach(async () => {
  server = await OwnRedis.start()
  stranger = new Redis(server.url)
  stranger.on('error', () => {})
})

afterEach(async () => {
  server.thaw()
  await Promise.all(caches.splice(0).map((cache) => cache.close()))
  stranger.disconnect()
  await server.remove()
})

const evicted = async (): Promise<number> => Number(/evicted_keys:(\d+)/.exec(await stranger.info('stats'))![1])

interface Fault {
  readonly name: string
  readonly run: (repairSource: () => void) => Promise<unknown>
  /** Whether entries stay, so that a stale value can answer when the source is down. */
  readonly keepsEntries: boolean
  /** Whether the cache or Redis took notice: else the test would show nothing. */
  readonly felt: (cache: Cache) => boolean | Promise<boolean>
}

const faults: readonly Fault[] = [
  {
    name: 'is killed and started again',
    run: async (repairSource) => {
      await server.kill()
      await pause(FAULT_MS)
      repairSource()
      await server.start()
      await pause(300)
    },
    keepsEntries: true,
    felt: (cache) => cache.stats().redis.trackingLosses === 1,
  },
  {
    name: 'is stopped (SIGSTOP) and goes on',
    run: async () => {
      server.freeze()
      await pause(FAULT_MS)
      server.thaw()
      await pause(300)
    },
    keepsEntries: true,
    felt: (cache) => cache.stats().redis.errors >= 3,
  },
  {
    name: 'pauses its clients (CLIENT PAUSE)',
    run: async () => {
      await stranger.call('CLIENT', 'PAUSE', String(FAULT_MS), 'ALL')
      await pause(FAULT_MS + 300)
    },
    keepsEntries: true,
    felt: (cache) => cache.stats().redis.errors >= 3,
  },
  {
    name: 'is full and refuses to store (noeviction)',
    run: async () => {
      await stranger.config('SET', 'maxmemory', '1')
      await pause(FAULT_MS)
    },
    keepsEntries: true,
    felt: (cache) => cache.stats().redis.errors > 0,
  },
  {
    name: 'loses all entries (FLUSHALL), again and again',
    run: async () => {
      for (let i = 0; i < 10; i++) {
        await stranger.flushall()
        await pause(FAULT_MS / 10)
      }
    },
    keepsEntries: false,
    felt: (cache) => cache.stats().redis.changesHeard >= 10,
  },
  {
    name: 'has room for hardly anything and evicts (allkeys-lru)',
    run: async () => {
      await stranger.config('SET', 'maxmemory-policy', 'allkeys-lru')
      const used = /used_memory:(\d+)/.exec(await stranger.info('memory'))![1]!
      await stranger.config('SET', 'maxmemory', String(Number(used) + 20_000))
      await pause(FAULT_MS)
      await until('entries are evicted', async () => (await evicted()) > 10)
    },
    keepsEntries: false,
    felt: async () => (await evicted()) > 10,
  },
]

test.each(faults)('no caller sees an error or waits longer than its deadline while Redis $name', async ({ run, keepsEntries, felt }) => {
  const [cache, other] = (await processes(2)) as [Cache, Cache]
  const report = await new Drill([cache, other]).during(run, keepsEntries)
  expect(report.errors).toEqual([])
  expect(report.calls).toBeGreaterThan(50)
  expect(report.slowestMs).toBeLessThanOrEqual(TIMEOUT_MS + GRACE_MS)
  await until('the fault is felt', () => felt(cache))
})

test('a write-through and an invalidation do not outlive their deadline while Redis hangs', async () => {
  const [cache] = (await processes(1)) as [Cache]
  const products = cache.define({ name: 'product', load: (id: string) => id, softTtl: '1m', hardTtl: '10m' })
  await products.get('1')
  const lag = new LagProbe()
  server.freeze()
  const began = performance.now()
  const outcomes = await Promise.all([products.write('1', 'v', () => {}), products.invalidate('2')])
  const ended = performance.now()
  lag.stop()
  expect(outcomes).toEqual(['queued', 'queued'])
  // A write takes two turns: to take the key, and to empty it because that did not succeed.
  expect(ended - began - lag.between(began, ended)).toBeLessThanOrEqual(2 * TIMEOUT_MS + GRACE_MS)
})

test('local copies are not relied on any more, at the latest a ping and its deadline after Redis began to hang', async () => {
  const [cache] = (await processes(1)) as [Cache]
  const products = cache.define({ name: 'product', load: (id: string) => id, softTtl: '10m', hardTtl: '20m' })
  await until('the copy is kept', async () => (await products.get('1')) === '1' && products.peek('1') === '1')
  const lag = new LagProbe()
  server.freeze()
  const began = performance.now()
  await until('the copy is not relied on', () => products.peek('1') === undefined)
  const ended = performance.now()
  lag.stop()
  expect(ended - began - lag.between(began, ended)).toBeLessThanOrEqual(PING_INTERVAL_MS + TIMEOUT_MS + GRACE_MS)
})

test('a raw DEL is seen by each of four processes, within 50 ms in 99 of 100 cases', async () => {
  const TRIES = 200
  const nodes = (await processes(4)).map((cache) => cache.define({ name: 'product', load: (id: string) => id, softTtl: '10m', hardTtl: '20m' }))
  const lag = new LagProbe()
  const seenAfterMs: number[] = []
  for (let i = 0; i < TRIES; i++) {
    const id = `p${i % 10}`
    await until('the copies are kept', async () => (await Promise.all(nodes.map((node) => node.get(id)))).length === 4 && nodes.every((node) => node.peek(id) === id))
    const began = performance.now()
    await stranger.del(`faults:v:{product:${id}}`)
    while (nodes.some((node) => node.peek(id) !== undefined)) {
      await new Promise((resolve) => setImmediate(resolve))
      if (performance.now() > began + 5_000) throw new Error('not seen within 5 s')
    }
    const ended = performance.now()
    seenAfterMs.push(ended - began - lag.between(began, ended))
  }
  lag.stop()
  expect(seenAfterMs.toSorted((a, b) => a - b)[Math.ceil(0.99 * TRIES) - 1]).toBeLessThanOrEqual(50)
})
