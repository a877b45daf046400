import { describe, expect, test } from 'vitest'
import { AttemptSlots } from '../src/notify/attempt-slots.ts'
import { parseRetryAfter, retryDelayMs } from '../src/notify/retry-delay.ts'
import { parseWebhookSecret, webhookSignature } from '../src/notify/signature.ts'

test('vector 41: the published example of standard-webhooks', () => {
  const key = parseWebhookSecret('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')
  const message = { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', timestampSeconds: 1_614_265_330, body: '{"test": 2432232314}' }
  expect(webhookSignature(key, message)).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=')
})

test.each(['', 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'whsec_', 'whsec_c2hvcnQ=', 'whsec_ not base64 at all, but long enough!'])('the secret %j is refused, and not repeated', (secret) => {
  expect(() => parseWebhookSecret(secret)).toThrow(/^the webhook secret is not one; allowed: whsec_ and the base64 of 24 to 64 random bytes\.$/)
})

describe('the wait before a retry', () => {
  const policy = { baseMs: 1000, maxMs: 60_000 }

  test('is random up to a bound that doubles, and ends', () => {
    expect([0, 1, 2, 3, 10, 1000].map((attempt) => retryDelayMs(policy, attempt, 0.999_999, undefined))).toEqual([1000, 2000, 4000, 8000, 60_000, 60_000])
    expect(retryDelayMs(policy, 10, 0, undefined)).toBe(0)
  })

  test('is at least what the receiver asks for, up to the same end', () => {
    expect(retryDelayMs(policy, 0, 0, 7000)).toBe(7000)
    expect(retryDelayMs(policy, 0, 0.5, 7000)).toBe(7500)
    expect(retryDelayMs(policy, 0, 0, 86_400_000)).toBe(60_000)
  })
})

test('Retry-After is seconds or a date', () => {
  const nowMs = Date.parse('2026-01-01T00:00:00Z')
  expect(parseRetryAfter('120', nowMs)).toBe(120_000)
  expect(parseRetryAfter('Thu, 01 Jan 2026 00:00:30 GMT', nowMs)).toBe(30_000)
  expect(parseRetryAfter('Wed, 31 Dec 2025 00:00:00 GMT', nowMs)).toBe(0)
  expect([parseRetryAfter(null, nowMs), parseRetryAfter('soon', nowMs)]).toEqual([undefined, undefined])
})

test('no more attempts run at once than there are slots, and each gets its turn in order', async () => {
  const slots = new AttemptSlots(2)
  const started: number[] = []
  const finish: (() => void)[] = []
  const attempts = [0, 1, 2, 3].map((number) =>
    slots.run(() => {
      started.push(number)
      return new Promise<void>((resolve) => finish.push(resolve))
    }),
  )
  expect(started).toEqual([0, 1])
  finish[1]!()
  await attempts[1]
  expect(started).toEqual([0, 1, 2])
  finish[0]!()
  await attempts[0]
  finish[2]!()
  finish[3]!()
  await Promise.all(attempts)
  expect(started).toEqual([0, 1, 2, 3])
})
