import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { budgetRemaining, burnRate, type Counts } from '../src/burn/burn-rate.ts'
import { binomialTail } from '../src/burn/binomial.ts'
import { complement, type Fraction, parseDecimal, toNumber } from '../src/burn/fraction.ts'
import { parseTierCatalog } from '../src/burn/tier-catalog.ts'
import { tiersFor } from '../src/burn/tier.ts'
import { parseWindow } from '../src/burn/window.ts'
import type { Period } from '../src/calendar/period.ts'
import { RATIO_UNITS, slicesOf } from '../src/measure/slices.ts'
import type { Budgeting } from '../src/objective/budgeting.ts'
import { evaluate } from '../src/objective/evaluation.ts'
import { openGates } from '../src/objective/gates.ts'
import type { Objective } from '../src/objective/objective.ts'
import type { Reading } from '../src/objective/reading.ts'
import { objective } from './objectives.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
const HALF: Fraction = { numerator: 1n, denominator: 2n }

/** What is measured, when only the period matters. */
function reading(period: Counts, facts: Partial<Reading> = {}): Reading {
  return { atMs: 0, countsOf: () => period, period, revised: [], periodMs: 30 * DAY_MS, elapsedMs: 30 * DAY_MS, historyMs: 30 * DAY_MS, coverage: 1, provisionalMs: 0, rowsRead: 0, ...facts }
}
const sliced = (target: string, budgeting: Budgeting, period = '30d'): Objective => ({ ...objective({ target, period }), budgeting })

describe('budgets of slices', () => {
  test('vector 28: two weeks of minutes at 95 % allow 1,008 bad ones, 16 h 48 min', () => {
    const fortnight = sliced('0.95', { method: 'Timeslices', sliceMs: MINUTE_MS, sliceTarget: HALF }, '14d')
    const left = (bad: number): number => evaluate(fortnight, reading({ good: 20_160 - bad, total: 20_160 }, { periodMs: 14 * DAY_MS })).budgetRemaining!
    expect([left(0), left(504), left(1008), left(1009) < 0]).toEqual([1, 0.5, 0, true])
    expect(1008 * MINUTE_MS).toBe(16 * HOUR_MS + 48 * MINUTE_MS)
  })

  test('vector 29: 715 good slices of 720 are 99.3056 %', () => {
    expect(evaluate(sliced('0.99', { method: 'Timeslices', sliceMs: 60_000, sliceTarget: HALF }), reading({ good: 715, total: 720 })).sli).toBeCloseTo(0.993056, 6)
  })

  test('vector 24: Sloth\'s burned budget of a month, day by day, by the mean of the days\' ratios', () => {
    const month: Period = { text: '1M', ms: 30 * DAY_MS, calendar: { unit: 'months', count: 1, zone: 'UTC', anchor: '2026-01-01T00:00:00' } }
    const daily: Objective = { ...sliced('0.999', { method: 'RatioTimeslices', sliceMs: DAY_MS }), period: month }
    const days = ['0.99', '0.991', '0.992', '0.993', '0.994', '0.995', '0.996'].map((sli) => Math.round(Number(sli) * RATIO_UNITS))
    const remaining = days.map((_, last) => {
      const good = days.slice(0, last + 1).reduce((sum, units) => sum + units, 0)
      return evaluate(daily, reading({ good, total: (last + 1) * RATIO_UNITS }, { elapsedMs: (last + 1) * DAY_MS })).budgetRemaining! * 100
    })
    expect(remaining.map((percent) => Number(percent.toFixed(3)))).toEqual([66.667, 36.667, 10, -13.333, -33.333, -50, -63.333])
  })

  test('one bad request in a quiet hour makes a bad minute, which burns at 16.67', () => {
    expect(burnRate({ good: 59, total: 60 }, complement(parseDecimal('0.999')!))).toBeCloseTo(16.667, 3)
  })
})

describe('slices', () => {
  const rule = { budgeting: { method: 'Timeslices', sliceMs: 5 * MINUTE_MS, sliceTarget: parseDecimal('0.95')! }, noTraffic: 'ignore', buckets: 5 } as const
  const range = { from: 100, to: 120 }

  test('are bad below their target and good at it, whatever the traffic', () => {
    const buckets = [{ bucket: 100, good: 95, total: 100 }, { bucket: 106, good: 949, total: 1000 }, { bucket: 111, good: 1, total: 1 }]
    expect(slicesOf(buckets, range, rule)).toEqual([{ bucket: 100, good: 1, total: 1 }, { bucket: 105, good: 0, total: 1 }, { bucket: 110, good: 1, total: 1 }])
  })

  test('count when they are over', () => {
    expect(slicesOf([{ bucket: 104, good: 1, total: 1 }], { from: 100, to: 104 }, rule)).toEqual([])
    expect(slicesOf([{ bucket: 104, good: 1, total: 1 }], { from: 100, to: 105 }, rule)).toHaveLength(1)
  })

  test.each([['ignore', [0]], ['good', [0, 1, 1, 1]], ['bad', [0, 0, 0, 0]], ['hold', [0, 0, 0, 0]]] as const)('without traffic are what the objective says: %s', (noTraffic, good) => {
    expect(slicesOf([{ bucket: 100, good: 0, total: 9 }], range, { ...rule, noTraffic }).map((slice) => slice.good)).toEqual(good)
  })

  test('hold what was before the range as well', () => {
    expect(slicesOf([], range, { ...rule, noTraffic: 'hold' }, { good: 0, total: 1 }).map((slice) => slice.good)).toEqual([0, 0, 0, 0])
  })
})

describe('a window without events', () => {
  const silent = (noTraffic: Objective['noTraffic'], previous?: ReturnType<typeof evaluate>): (number | undefined)[] =>
    evaluate({ ...objective(), noTraffic }, () => ({ good: 0, total: 0 }), previous).windows.map(({ burn }) => burn).slice(0, 1)

  test('burns as the objective says, and never at NaN', () => {
    const before = evaluate(objective(), () => ({ good: 98, total: 100 }))
    expect([silent('ignore'), silent('good'), silent('bad'), silent('hold'), silent('hold', before)].flat()).toEqual([undefined, 0, 1000, undefined, 20])
  })
})

describe('the calendar\'s budget', () => {
  test('is that of the whole period: half of the month at half of the error ratio spends half of a half', () => {
    const month: Objective = { ...objective({ target: '0.99' }), period: { text: '1M', ms: 30 * DAY_MS, calendar: { unit: 'months', count: 1, zone: 'UTC', anchor: '2026-01-01T00:00:00' } } }
    expect(evaluate(month, reading({ good: 995, total: 1000 }, { elapsedMs: 15 * DAY_MS })).budgetRemaining).toBe(0.75)
  })
})

describe('gates', () => {
  const quiet: Counts = { good: 9, total: 10 }
  const holds = (gates: Partial<Objective['gates']>, counts: Counts, historyMs = 30 * DAY_MS): boolean =>
    evaluate({ ...objective(), gates: { ...openGates, ...gates } }, reading(counts, { historyMs })).holding.has('page')

  test('one failure of ten requests in an hour burns at 100 and pages, unless bad events or significance are asked for', () => {
    expect([holds({}, quiet), holds({ minBadEvents: 2 }, quiet), holds({ significance: 0.01 }, quiet)]).toEqual([true, false, false])
    expect([holds({ minBadEvents: 2 }, { good: 8, total: 10 }), holds({ significance: 0.01 }, { good: 8, total: 10 })]).toEqual([true, true])
  })

  test('count rows, not what they stand for', () => {
    const sampled: Counts = { good: 9000, total: 10_000, rows: 10, badRows: 1 }
    expect([holds({ minBadEvents: 2 }, sampled), holds({ significance: 0.01 }, sampled)]).toEqual([false, false])
  })

  test('a young objective alerts, waits, or is diluted', () => {
    const counts: Counts = { good: 900, total: 1000 }
    expect([holds({}, counts, HOUR_MS / 2), holds({ young: 'wait' }, counts, HOUR_MS / 2), holds({ young: 'wait' }, counts, HOUR_MS)]).toEqual([true, false, true])
    // 10 % bad is a burn of 100; over a twelfth of the hour it counts as 8.3.
    expect([holds({ young: 'dilute' }, counts, HOUR_MS / 12), holds({ young: 'dilute' }, counts, HOUR_MS / 4)]).toEqual([false, true])
  })
})

describe('the binomial tail', () => {
  test('is the exact sum of its terms', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 80 }), fc.nat(80), fc.integer({ min: 1, max: 999 }), (trials, seed, thousandths) => {
        const successes = seed % (trials + 1)
        expect(binomialTail(successes, trials, thousandths / 1000)).toBeCloseTo(toNumber(exactTail(successes, trials, BigInt(thousandths))), 9)
      }),
    )
  })

  test.each([[1, 10, 0.0144, 0.135_03], [5, 100, 0.01, 0.003_43], [1500, 100_000, 0.0144, 0.057_85], [0, 10, 0.5, 1], [11, 10, 0.5, 0]])('of %d or more in %d at %d is %d', (successes, trials, probability, expected) => {
    expect(binomialTail(successes, trials, probability)).toBeCloseTo(expected, 4)
  })
})

/** Sum of `C(n, i) pⁱ (1 − p)ⁿ⁻ⁱ` for i ≥ k, p in thousandths. */
function exactTail(k: number, n: number, p: bigint): Fraction {
  let numerator = 0n
  let choose = 1n
  for (let i = 0; i <= n; i++) {
    if (i >= k) numerator += choose * p ** BigInt(i) * (1000n - p) ** BigInt(n - i)
    choose = (choose * BigInt(n - i)) / BigInt(i + 1)
  }
  return { numerator: (numerator * 10n ** 15n) / 1000n ** BigInt(n), denominator: 10n ** 15n }
}

describe('the budget is conserved', () => {
  const part = fc.record({ total: fc.integer({ min: 1, max: 1e9 }), share: fc.nat(1000) }).map(({ total, share }) => ({ good: total - Math.floor((total * share) / 1000), total }))

  test('what parts spend of the whole is what the whole spends, to the last digit', () => {
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 20 }), fc.integer({ min: 1, max: 99_999 }), (parts, allowed) => {
        const budget: Fraction = { numerator: BigInt(allowed), denominator: 100_000n }
        const whole = parts.reduce((sum, each) => ({ good: sum.good + each.good, total: sum.total + each.total }))
        // Each part measured by the whole's budget: its own share of the events is its share of the budget.
        const spent = parts.map((each) => 1 - budgetRemaining(each, budget, { numerator: BigInt(each.total), denominator: BigInt(whole.total) })!)
        const together = 1 - budgetRemaining(whole, budget)!
        expect(Math.abs(spent.reduce((sum, each) => sum + each, 0) - together)).toBeLessThanOrEqual(1e-9 * Math.max(1, together))
      }),
    )
  })
})

describe('golden: Pyrra\'s windows and factors are tiers of ours', () => {
  // research: Pyrra keeps factors of 14, 7, 2 and 1 and scales windows; the budget share that each implies is factor · W / P.
  test.each([
    ['28d', ['1h/5m', '6h/30m', '1d/2h', '4d/6h'], ['0.020833333333333333', '0.0625', '0.071428571428571429', '0.142857142857142857']],
    ['14d', ['30m/3m', '3h/15m', '12h/1h', '2d/3h'], ['0.020833333333333333', '0.0625', '0.071428571428571429', '0.142857142857142857']],
    ['7d', ['90m/8m', '6h/30m', '1d/90m'], ['0.0625', '0.071428571428571429', '0.142857142857142857']],
  ])('over %s', (period, names, shares) => {
    const tiers = names.map((name, index) => ({ severity: 'page', budgetShare: shares[index], long: name.split('/')[0], short: name.split('/')[1] }))
    const catalog = parseTierCatalog(JSON.stringify({ bucket: '1m', tiers }), 'pyrra.json')
    const factors = tiersFor(catalog, { budget: complement(parseDecimal('0.999')!), period: parseWindow(period)! }).tiers.map(({ factor }) => Number(toNumber(factor).toFixed(9)))
    expect(factors).toEqual([14, 7, 2, 1].slice(4 - names.length))
  })
})
