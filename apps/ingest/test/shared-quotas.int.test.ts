import { Redis } from 'ioredis'
import { afterAll, expect, inject, test } from 'vitest'
import { Quotas } from '../src/quotas/quotas.ts'
import { SharedQuotas } from '../src/quotas/shared-quotas.ts'

const redis = new Redis(inject('redisUrl'))
afterAll(() => redis.disconnect())

const limits = { bytesPerSecond: 1, recordsPerSecond: 1, burst: 1_000, burstMs: 100_000 }
const replica = (through: Pick<Redis, 'eval'>): { quotas: Quotas; shared: SharedQuotas } => {
  const now = (): number => 0
  const quotas = new Quotas({ limitsOf: () => limits, now })
  return { quotas, shared: new SharedQuotas({ quotas, redis: through, now }) }
}

test('what one replica gave out is missing at the other; alone again, each gives out its part of the rate', async () => {
  const tenant = `tenant-${process.pid}`
  const level = ({ quotas }: { quotas: Quotas }): number => quotas.tenants.get(tenant)!.bytes[0]!.level(0)
  let away = false
  const flaky = { eval: (...args: Parameters<Redis['eval']>) => (away ? Promise.reject(new Error('away')) : redis.eval(...args)) } as Pick<Redis, 'eval'>
  const [a, b] = [replica(flaky), replica(redis)]
  a.quotas.refusal(tenant, 10)
  a.quotas.take(tenant, 60, 5)
  await a.shared.exchange()
  b.quotas.refusal(tenant, 10)
  b.quotas.take(tenant, 30, 5)
  await b.shared.exchange()
  expect(level(b)).toBeGreaterThanOrEqual(10)
  expect(level(b)).toBeLessThan(11)
  a.quotas.refusal(tenant, 10)
  await a.shared.exchange()
  expect(Math.floor(level(a))).toBe(10)
  away = true
  a.quotas.refusal(tenant, 10)
  await a.shared.exchange()
  expect(a.quotas.share).toBe(0.5)
  away = false
  a.quotas.refusal(tenant, 10)
  await a.shared.exchange()
  expect(a.quotas.share).toBe(1)
})
