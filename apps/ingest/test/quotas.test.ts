import { describe, expect, test } from 'vitest'
import { Quotas } from '../src/quotas/quotas.ts'
import type { QuotaLimits } from '../src/quotas/tenant-quota.ts'

const limits: QuotaLimits = { bytesPerSecond: 100, recordsPerSecond: 0, burst: 5, burstMs: 10_000 }

function quotas(of: QuotaLimits = limits): { readonly quotas: Quotas; readonly pass: (ms: number) => void } {
  let now = 1_000_000
  return { quotas: new Quotas({ limitsOf: () => of, now: () => now }), pass: (ms) => void (now += ms) }
}

/** Seconds that the tenant is told to wait; 0 for none. */
function wait(of: Quotas, bytes: number, tenant = 'a'): number {
  const refusal = of.refusal(tenant, bytes)
  if (refusal !== undefined && refusal.code !== 'QUOTA_EXCEEDED') throw refusal
  return refusal?.retryAfterSeconds ?? 0
}

describe('a quota', () => {
  test('lets a burst pass at five times the rate, then the rate, and says when there is room again', () => {
    const { quotas: q, pass } = quotas()
    let taken = 0
    for (let second = 0; second < 60; second++) {
      while (wait(q, 50) === 0) {
        q.take('a', 50, 1)
        taken += 50
      }
      pass(1000)
    }
    // Ten seconds saved up, and sixty at the rate.
    expect(taken).toBeGreaterThanOrEqual(6_900)
    expect(taken).toBeLessThanOrEqual(7_000)
    q.take('a', 400, 0)
    const seconds = wait(q, 100)
    expect(seconds).toBe(4)
    pass((seconds - 1) * 1000)
    expect(wait(q, 100)).toBe(1)
    pass(1000)
    expect(wait(q, 100)).toBe(0)
  })

  test('takes what a request turns out to cost, and the next one waits until that is paid', () => {
    const { quotas: q } = quotas({ ...limits, burst: 100 })
    expect(wait(q, 10)).toBe(0)
    q.take('a', 1_500, 0)
    expect(wait(q, 1)).toBe(6)
    expect(wait(q, 1, 'another')).toBe(0)
  })

  test('in records, and a request that is larger than the bucket passes when the bucket is full', () => {
    const { quotas: q, pass } = quotas({ bytesPerSecond: 10, recordsPerSecond: 2, burst: 1, burstMs: 1_000 })
    expect(wait(q, 10_000)).toBe(0)
    q.take('a', 0, 20)
    expect(wait(q, 1)).toBe(10)
    pass(9_500)
    expect(wait(q, 1)).toBe(0)
  })

  test('gives the rate and no burst while the journal is nearly full', () => {
    const { quotas: q, pass } = quotas()
    q.take('a', 600, 0)
    pass(1_000)
    expect(q.refusal('a', 50)).toBeUndefined()
    expect(q.refusal('a', 50, 0.5)?.message).toMatch(/quota/)
    pass(1_000)
    expect(q.refusal('a', 50, 0.5)).toBeUndefined()
  })

  test('that is changed counts for the next request; none is no limit', () => {
    let of: QuotaLimits = { ...limits, bytesPerSecond: 1, burstMs: 1_000 }
    const q = new Quotas({ limitsOf: () => of, now: () => 0 })
    q.take('a', 100, 0)
    expect(wait(q, 1)).toBe(60)
    of = { ...of, bytesPerSecond: 0 }
    expect(wait(q, 1_000_000)).toBe(0)
  })
})
