import { Cluster } from 'ioredis'
import { afterEach, expect, test } from 'vitest'
import { type Cache, createCache } from '../src/index.ts'
import { Drill } from './drill.ts'
import { RedisCluster } from './redis-cluster.ts'
import { until } from './redis-fixture.ts'

const ttl = { softTtl: '10m', hardTtl: '20m', jitter: 0 } as const
const TIMEOUT_MS = 250
const LEASE_WAIT_MS = 500
/** To read, to wait for the load of a process whose fill was lost, and to look once more; and 50 ms. */
const LONGEST_MS = TIMEOUT_MS + LEASE_WAIT_MS + TIMEOUT_MS + 50

let redis: RedisCluster
const clients: Cluster[] = []
const caches: Cache[] = []

function oneProcess(): Cache {
  const client = new Cluster([redis.seed], { slotsRefreshInterval: 1_000 })
  client.on('error', () => {})
  clients.push(client)
  const cache = createCache({ namespace: 'cluster', redis: client, redisTimeout: TIMEOUT_MS, leaseWait: LEASE_WAIT_MS, local: { maxStaleness: 200 } })
  caches.push(cache)
  return cache
}

const live = (): boolean => caches.every((cache) => cache.stats().redis.reachable && cache.stats().redis.tracking === 'live')

afterEach(async () => {
  await Promise.all(caches.splice(0).map((cache) => cache.close()))
  for (const client of clients.splice(0)) client.disconnect()
  await redis.remove()
})

test('while slots move to another master no caller sees an error, and a change on either side is heard', async () => {
  redis = await RedisCluster.start(3)
  const [a, b] = [oneProcess(), oneProcess()]
  await until('changes are heard', live)
  let revision = 0
  const value = (id: string): string => `${id}, revision ${revision}`
  const both = (id: string): boolean => here!.peek(id) === value(id) && there!.peek(id) === value(id)
  const [here, there] = [a, b].map((cache) => cache.define({ name: 'moving', load: (id: string) => value(id), ...ttl }))
  // Two entries in one slot, so that one of them has moved and one has not.
  const slot = await redis.slotOf('{moving:0}')
  const ids = ['0']
  for (let i = 1; ids.length < 2; i++) if ((await redis.slotOf(`{moving:${i}}`)) === slot) ids.push(String(i))
  for (const id of ids) await until('both keep a copy', async () => (await here!.get(id)) === (await there!.get(id)) && both(id))

  const from = redis.ownerOf(slot)
  const to = redis.masters.find((master) => master !== from)!
  const report = await new Drill([a, b]).during(() =>
    redis.moveSlot(slot, from, to, async () => {
      expect(await to.client.call('CLUSTER', 'COUNTKEYSINSLOT', String(slot))).toBe(1)
      for (const id of ids) {
        revision++
        expect(await here!.invalidate(id)).toBe('deleted')
        await until('the other has the new value', async () => (await there!.get(id)) === value(id))
      }
    }),
  )
  expect(report.errors).toEqual([])
  expect(report.slowestMs).toBeLessThanOrEqual(LONGEST_MS)
  for (const id of ids) {
    const entry = `cluster:v:{moving:${id}}`
    // What was loaded while the slot moved is not in Redis, and is kept for a moment only.
    await until('both keep a copy of what the new master has', async () => (await here!.get(id)) === (await there!.get(id)) && both(id) && (await to.client.exists(entry)) === 1)
    await to.client.del(entry)
    await until('both have heard of the DEL', () => here!.peek(id) === undefined && there!.peek(id) === undefined)
  }
})

test('when a master is lost no caller sees an error, deadlines are kept, and its replica is heard once it is promoted', async () => {
  redis = await RedisCluster.start(3, 1)
  const [lost] = redis.masters
  const [replica] = redis.replicas
  const [a, b] = [oneProcess(), oneProcess()]
  await until('changes are heard', live)
  const report = await new Drill([a, b]).during(async () => {
    expect(await lost!.client.wait(1, 5_000)).toBe(1)
    await lost!.server.kill()
    await until('the loss is noticed', () => caches.every((cache) => cache.stats().redis.trackingLosses > 0))
    await until('the replica is master', async () => (await replica!.client.role())[0] === 'master')
    await until('changes are heard from all masters', live)
  })
  expect(report.errors).toEqual([])
  expect(report.slowestMs).toBeLessThanOrEqual(LONGEST_MS)

  const [here, there] = [a, b].map((cache) => cache.define({ name: 'after', load: (id: string) => id, ...ttl }))
  let id = 0
  while (redis.ownerOf(await redis.slotOf(`{after:${id}}`)) !== lost) id++
  const key = String(id)
  const entry = `cluster:v:{after:${key}}`
  await until('both keep a copy of what the new master has', async () => (await here!.get(key)) === (await there!.get(key)) && here!.peek(key) === key && there!.peek(key) === key && (await replica!.client.exists(entry)) === 1)
  await replica!.client.del(entry)
  await until('both have heard of the DEL', () => here!.peek(key) === undefined && there!.peek(key) === undefined)
})
