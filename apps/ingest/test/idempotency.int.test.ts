import { Redis } from 'ioredis'
import { afterAll, expect, inject, test } from 'vitest'
import { IdempotencyKeys } from '../src/idempotency/idempotency-keys.ts'

const redis = new Redis(inject('redisUrl'))
afterAll(() => redis.disconnect())

test('a repeat at another replica, or after a restart, gets the first answer; while the first is under way it is to be sent again', async () => {
  const tenant = `tenant-${process.pid}`
  const [a, b] = [1, 2].map(() => new IdempotencyKeys({ windowMs: 60_000, redis, now: () => 0 })) as [IdempotencyKeys, IdempotencyKeys]
  const outcome = { tenantId: tenant, accepted: 3, rejected: 1, rejectedReasons: [['invalid_span_id', 1]] as const, firstReject: 'why', warnings: [], receipt: 'r' }
  const never = (): Promise<never> => Promise.reject(new Error('must not be taken'))
  let finish = (): void => undefined
  let began = (): void => undefined
  const underway = new Promise<void>((resolve) => (began = resolve))
  const first = a.once(tenant, 'k', 'digest', async () => {
    began()
    await new Promise<void>((resolve) => (finish = resolve))
    return outcome
  })
  await underway
  await expect(b.once(tenant, 'k', 'digest', never)).rejects.toMatchObject({ code: 'UNAVAILABLE', retryAfterSeconds: 1 })
  await expect(b.once(tenant, 'k', 'other', never)).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED', statusCode: 422 })
  finish()
  expect(await first).toEqual({ outcome, isRepeat: false })
  expect(await b.once(tenant, 'k', 'digest', never)).toEqual({ outcome, isRepeat: true })
  await expect(b.once(tenant, 'k', 'other', never)).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' })
  await expect(a.once(tenant, 'failed', 'digest', () => Promise.reject(new Error('full')))).rejects.toThrow('full')
  expect(await b.once(tenant, 'failed', 'digest', () => Promise.resolve(outcome))).toEqual({ outcome, isRepeat: false })
})
