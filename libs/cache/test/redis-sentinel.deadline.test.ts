import { Redis } from 'ioredis'
import { expect, test } from 'vitest'
import { createCache } from '../src/index.ts'
import { Drill } from './drill.ts'
import { until } from './redis-fixture.ts'
import { SentinelRedis } from './redis-sentinel.ts'

test('a failover by Sentinel shows no caller an error, keeps deadlines, and the new master is heard', async () => {
  const redis = await SentinelRedis.start()
  const clients = [1, 2].map(() => {
    const client = new Redis({ sentinels: [...redis.sentinels], name: SentinelRedis.masterName, sentinelRetryStrategy: () => 100 })
    client.on('error', () => {})
    return client
  })
  const caches = clients.map((client) => createCache({ namespace: 'sentinel', redis: client }))
  const promoted = new Redis(redis.replica.url)
  const isLive = (): boolean => caches.every((cache) => cache.stats().redis.reachable && cache.stats().redis.tracking === 'live')
  await until('changes are heard', isLive)
  const master = new Redis(redis.master.url)
  master.on('error', () => {})
  await until('the replica follows', async () => /master_link_status:up/.test(await promoted.info('replication')))
  const report = await new Drill(caches).during(async () => {
    // What Redis has not passed on is lost in a failover, and then only the loader could answer.
    expect(await master.wait(1, 5_000)).toBe(1)
    await redis.master.kill()
    await until('the replica is master', async () => (await promoted.role())[0] === 'master')
    await until('changes are heard from it', isLive)
  })
  expect(report.errors).toEqual([])
  expect(report.slowestMs).toBeLessThanOrEqual(250 + 50)
  expect(caches.map((cache) => cache.stats().redis.trackingLosses)).toEqual([1, 1])

  const [a, b] = caches.map((cache) => cache.define({ name: 'after', load: (id: string) => id, softTtl: '10m', hardTtl: '20m' }))
  await until('both have a copy', async () => (await a!.get('1')) === (await b!.get('1')) && a!.peek('1') === '1' && b!.peek('1') === '1')
  expect(await promoted.del('sentinel:v:{after:1}')).toBe(1)
  await until('both have heard of the DEL', () => a!.peek('1') === undefined && b!.peek('1') === undefined)
  await Promise.all(caches.map((cache) => cache.close()))
  for (const client of [...clients, master, promoted]) client.disconnect()
  await redis.remove()
})
