import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { budgetRemaining, burnRate, errorRatio, crosses, timeToExhaustionMs } from '../src/burn/burn-rate.ts'
import { complement, type Fraction, multiply, parseDecimal } from '../src/burn/fraction.ts'

const DAY_MS = 86_400_000
const decimal = (text: string): Fraction => parseDecimal(text)!
const budgetOf = (target: string): Fraction => complement(decimal(target))

describe('vector 18: burn rates', () => {
  test('36 bad seconds of an hour at 99.9 % burn at 10, and 51.84 at 14.4', () => {
    expect(burnRate({ good: 3564, total: 3600 }, budgetOf('0.999'))).toBeCloseTo(10, 12)
    expect(burnRate({ good: 360_000 - 5184, total: 360_000 }, budgetOf('0.999'))).toBeCloseTo(14.4, 12)
  })

  test.each([['0.999', 1000], ['0.995', 200], ['0.99', 100], ['0.95', 20]])('a total outage at a target of %s burns at %d', (target, burn) => {
    expect(burnRate({ good: 0, total: 77 }, budgetOf(target))).toBe(burn)
  })

  test('nothing of nothing is undefined, and above no threshold', () => {
    const nothing = { good: 0, total: 0 }
    expect([errorRatio(nothing), burnRate(nothing, budgetOf('0.999')), budgetRemaining(nothing, budgetOf('0.999'))]).toEqual([undefined, undefined, undefined])
    expect(crosses(nothing, decimal('0'))).toBe(false)
  })
})

test('vector 19: the figures of the SRE workbook, chapter 2', () => {
  const requests = { good: 3_557_865, total: 3_663_253 }
  expect(1 - errorRatio(requests)!).toBeCloseTo(0.97123, 5)
  for (const [target, allowedBad] of [['0.97', 109_897], ['0.90', 366_325], ['0.99', 36_632]] as const) {
    const remaining = (bad: number): number => budgetRemaining({ good: requests.total - bad, total: requests.total }, budgetOf(target))!
    expect([remaining(allowedBad) >= 0, remaining(allowedBad + 1) < 0]).toEqual([true, true])
  }
  expect(1 - budgetRemaining({ good: requests.total - 14_066, total: requests.total }, budgetOf('0.97'))!).toBeCloseTo(0.128, 3)
})

test('vector 20: burn rates of 1, 2, 10 and 1000 exhaust 30 days in 30 d, 15 d, 3 d and 43.2 min', () => {
  expect([1, 2, 10, 1000].map((burn) => timeToExhaustionMs(30 * DAY_MS, burn))).toEqual([30 * DAY_MS, 15 * DAY_MS, 3 * DAY_MS, 43.2 * 60_000])
  expect(timeToExhaustionMs(30 * DAY_MS, 0)).toBe(Number.POSITIVE_INFINITY)
  expect(timeToExhaustionMs(30 * DAY_MS, 5, -0.1)).toBe(0)
})

test('vector 40: exactly 1,440 bad of 100,000 at 99.9 % is not above a burn rate of 14.4, but at it; one more is above', () => {
  for (const budget of [budgetOf('0.999'), complement({ ...decimal('99.9'), denominator: decimal('99.9').denominator * 100n })]) {
    const threshold = multiply(decimal('14.4'), budget)
    expect(crosses({ good: 100_000 - 1440, total: 100_000 }, threshold)).toBe(false)
    expect([crosses({ good: 100_000 - 1440, total: 100_000 }, threshold, 'gte'), crosses({ good: 100_000 - 1439, total: 100_000 }, threshold, 'gte')]).toEqual([true, false])
    expect(crosses({ good: 100_000 - 1441, total: 100_000 }, threshold)).toBe(true)
  }
})

describe('the budget', () => {
  test('is negative when overspent, not clamped', () => {
    expect(budgetRemaining({ good: 97, total: 100 }, budgetOf('0.99'))).toBe(-2)
  })

  test('shrinks with every bad event, and is one minus the share that was spent', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e9 }), fc.nat(1e9), fc.integer({ min: 1, max: 99_999 }), (total, seed, parts) => {
        const budget: Fraction = { numerator: BigInt(parts), denominator: 100_000n }
        const bad = seed % total
        const before = budgetRemaining({ good: total - bad, total }, budget)!
        const after = budgetRemaining({ good: total - bad - 1, total }, budget)!
        expect(after).toBeLessThan(before)
        const exact = 1 - (bad * 100_000) / (parts * total)
        expect(Math.abs(before - exact)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(exact)))
      }),
    )
  })
})

test('a comparison with a threshold is exact, whatever the size of the numbers', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), fc.double({ min: 0, max: 1, noNaN: true }), fc.bigInt({ min: 1n, max: 10n ** 20n }), fc.bigInt({ min: 1n, max: 10n ** 20n }), (total, share, numerator, denominator) => {
      const bad = Math.min(total, Math.floor(total * share))
      const left = BigInt(bad) * denominator
      const right = numerator * BigInt(total)
      expect(crosses({ good: total - bad, total }, { numerator, denominator })).toBe(left > right)
      // The threshold that equals the ratio is never exceeded.
      expect(crosses({ good: total - bad, total }, { numerator: BigInt(bad), denominator: BigInt(total) })).toBe(false)
    }),
  )
})
