import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freePort } from '../../../scripts/stack/free-port.ts'
import { type RedisServer, startRedis } from '../../../scripts/stack/redis.ts'
import { IdempotencyKeys } from '../src/idempotency/idempotency-keys.ts'
import { Quotas } from '../src/quotas/quotas.ts'
import { SharedQuotas } from '../src/quotas/shared-quotas.ts'
import { connectRedis } from '../src/redis.ts'

const PASSWORD = 'of the cluster'
const dir = mkdtempSync(join(tmpdir(), 'ballast-ingest-cluster-'))
const started: (() => unknown)[] = []
let server: RedisServer

beforeAll(async () => {
  server = await startRedis(await freePort(), dir, ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1'])
  const admin = new Redis(server.url)
  await admin.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
  await until(async () => String(await admin.call('CLUSTER', 'INFO')).includes('cluster_state:ok'))
  // From now on every connection needs it, also those to nodes that the cluster names.
  await admin.config('SET', 'requirepass', PASSWORD)
  admin.disconnect()
})
afterAll(async () => {
  for (const stop of started) stop()
  await server.stop()
  rmSync(dir, { recursive: true, force: true })
})

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 20_000; !(await condition()); await delay(20)) if (Date.now() > deadline) throw new Error('the cluster is not ready')
}

async function connected(): Promise<NonNullable<ReturnType<typeof connectRedis>>> {
  const redisUrl = server.url.replace('redis://', `redis://:${encodeURIComponent(PASSWORD)}@`)
  const redis = connectRedis({ redisUrl, redisCluster: true }, () => undefined)!
  started.push(() => redis.disconnect())
  await until(() => redis.status === 'ready')
  return redis
}

test('replicas share quotas through a cluster', async () => {
  const limits = { bytesPerSecond: 1, recordsPerSecond: 1, burst: 1_000, burstMs: 100_000 }
  const [here, there] = await Promise.all([0, 1].map(async () => {
    const quotas = new Quotas({ limitsOf: () => limits, now: () => 0 })
    return { quotas, shared: new SharedQuotas({ quotas, redis: await connected(), now: () => 0 }) }
  }))
  here!.quotas.refusal('acme', 1)
  here!.quotas.take('acme', 60, 0)
  await here!.shared.exchange()
  there!.quotas.refusal('acme', 1)
  await there!.shared.exchange()
  expect([here!.quotas.share, there!.quotas.share]).toEqual([1, 1])
  expect(Math.floor(there!.quotas.tenants.get('acme')!.bytes[0]!.level(0))).toBe(40)
})

test('a request that one replica took is a repeat at another', async () => {
  const [here, there] = await Promise.all([0, 1].map(async () => new IdempotencyKeys({ windowMs: 60_000, redis: await connected(), now: () => 0 })))
  const outcome = { tenantId: 'acme', accepted: 1, rejected: 0, rejectedReasons: [], firstReject: '', warnings: [] }
  await here!.once('acme', 'key', 'digest', () => Promise.resolve(outcome))
  const again = await there!.once('acme', 'key', 'digest', () => Promise.reject(new Error('taken twice')))
  expect([again.isRepeat, again.outcome.accepted]).toEqual([true, 1])
})
