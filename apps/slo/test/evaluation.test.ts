import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { errorRatio } from '../src/burn/burn-rate.ts'
import { History } from '../src/history/replay.ts'
import type { BucketCounts } from '../src/measure/event-store.ts'
import { RecentBuckets } from '../src/measure/recent-buckets.ts'
import { evaluate } from '../src/objective/evaluation.ts'
import type { Objective } from '../src/objective/objective.ts'
import { objective } from './objectives.ts'

const MINUTE_MS = 60_000
const REQUESTS_PER_MINUTE = 10_000
const HISTORY_MINUTES = 3 * 24 * 60
const tiers = objective().tiers

/** Minutes after the fault began at which a tier begins and ends to hold; `undefined` when it does not. */
interface Course {
  readonly fires: number | undefined
  readonly clears: number | undefined
}

/** Three clean days, then a fault of `errorShare` that lasts `faultMinutes`, evaluated at the end of each minute by one tier. */
function courseOf(tier: Objective['tiers'][number], errorShare: number, faultMinutes: number, minutes: number): Course {
  const history = Array.from({ length: HISTORY_MINUTES }, (_, bucket) => ({ bucket, good: REQUESTS_PER_MINUTE, total: REQUESTS_PER_MINUTE }))
  const fault = Array.from({ length: minutes }, (_, minute) => {
    const bad = minute < faultMinutes ? Math.round(REQUESTS_PER_MINUTE * errorShare) : 0
    return { bucket: HISTORY_MINUTES + minute, good: REQUESTS_PER_MINUTE - bad, total: REQUESTS_PER_MINUTE }
  })
  const series = new History([...history, ...fault], { from: 0, to: HISTORY_MINUTES + minutes })
  // The period is short here because these vectors are about the windows; the factor is that of 30 days.
  const watched: Objective = { ...objective(), period: { text: '72h', ms: 72 * 60 * MINUTE_MS }, tiers: [tier] }
  let fires: number | undefined
  for (let minute = 1; minute <= minutes; minute++) {
    const end = HISTORY_MINUTES + minute
    const holds = evaluate(watched, (windowMs) => series.sum(end - windowMs / MINUTE_MS, end)).holding.size > 0
    if (holds) fires ??= minute
    else if (fires !== undefined) return { fires, clears: minute }
  }
  return { fires, clears: undefined }
}

describe('a fault that stays: the first minute at which each tier fires', () => {
  test.each([
    ['vector 1: 100 %', 1, [1, 3, 5, 5]],
    ['vector 2: 50 %', 0.5, [2, 5, 9, 9]],
    ['vector 4: 10 %', 0.1, [9, 22, 44, 44]],
    ['vector 7: 1 %', 0.01, [undefined, 217, 433, 433]],
    ['vector 8: 0.5 %', 0.005, [undefined, undefined, 865, 865]],
  ])('%s', (_, share, expected) => {
    expect(tiers.map((tier) => courseOf(tier, share, 900, 900).fires)).toEqual(expected)
  })

  test('vector 8: exactly the budget, 0.1 %, never fires', () => {
    expect(tiers.map((tier) => courseOf(tier, 0.001, 4330, 4330).fires)).toEqual([undefined, undefined, undefined, undefined])
  })
})

test('vector 8: exactly the budget fires the last tier after 4,320 min where it compares by gte', () => {
  const [last] = tiers.slice(-1)
  expect([courseOf({ ...last!, op: 'gte' }, 0.001, 4330, 4330).fires, courseOf({ ...last!, op: 'gte' }, 0.000_9, 4330, 4330).fires]).toEqual([4320, undefined])
})

describe('an outage that ends: the minutes at which each tier fires and clears', () => {
  test.each([
    ['vector 11: 100 % for 1 min', 1, 1, [[1, 6], undefined, undefined, undefined]],
    ['vector 13: 100 % for 5 min', 1, 5, [[1, 10], [3, 35], [5, 125], [5, 365]]],
    ['vector 15: 15 % for 10 min', 0.15, 10, [[6, 15], undefined, undefined, undefined]],
  ])('%s', (_, share, faultMinutes, expected) => {
    const courses = tiers.map((tier) => courseOf(tier, share, faultMinutes, 400))
    expect(courses.map(({ fires, clears }) => (fires === undefined ? undefined : [fires, clears]))).toEqual(expected)
  })
})

test('vector 35: an error ratio is weighted by traffic, not averaged over buckets', () => {
  const series = new RecentBuckets(288)
  series.advance(288)
  const quiet = Array.from({ length: 287 }, (_, index) => ({ bucket: index + 1, good: index === 7 ? 0 : 1, total: 1 }))
  series.replace({ from: 0, to: 288 }, [{ bucket: 0, good: 99_900, total: 100_000 }, ...quiet])
  const counts = series.sum(0, 288)
  expect(counts).toMatchObject({ good: 100_287 - 101, total: 100_287 })
  expect(errorRatio(counts)).toBeCloseTo(0.001_007_1, 7)
})

describe('an evaluation', () => {
  test('names the tier with the shortest long window of those that hold, for each severity', () => {
    const { holding } = evaluate(objective(), () => ({ good: 0, total: 10 }))
    expect([...holding].map(([severity, { tier }]) => `${severity} ${tier.name}`)).toEqual(['page 1h/5m', 'ticket 24h/2h'])
  })

  test('does not hold a tier whose short window has no events, however bad the long one is', () => {
    const { holding, windows } = evaluate(objective(), (windowMs) => (windowMs <= 6 * 60 * MINUTE_MS ? { good: 0, total: 0 } : { good: 0, total: 10 }))
    expect(holding.size).toBe(0)
    expect(windows.find(({ window }) => window.text === '5m')?.burn).toBeUndefined()
  })

  test('has no ratio, budget or burn rate without events', () => {
    const { sli, budgetRemaining, windows } = evaluate(objective(), () => ({ good: 0, total: 0 }))
    expect([sli, budgetRemaining, ...windows.map(({ burn }) => burn)]).toEqual(Array.from({ length: 9 }, () => undefined))
  })
})

describe('the recent buckets of a series', () => {
  const bucketCounts = fc.uniqueArray(fc.record({ bucket: fc.nat(500), total: fc.integer({ min: 1, max: 1000 }), bad: fc.nat(1000) }), { selector: ({ bucket }) => bucket }).map((list) =>
    list.toSorted((a, b) => a.bucket - b.bucket).map(({ bucket, total, bad }): BucketCounts => ({ bucket, total, good: total - Math.min(bad, total) })),
  )
  const seriesOf = (counts: readonly BucketCounts[]): RecentBuckets => {
    const series = new RecentBuckets(501)
    series.advance(501)
    series.replace({ from: 0, to: 501 }, counts)
    return series
  }

  test('lose and double nothing: the sums of any two parts are the sum of the whole', () => {
    fc.assert(
      fc.property(bucketCounts, fc.nat(500), (counts, cut) => {
        const series = seriesOf(counts)
        const [before, after, all] = [series.sum(0, cut), series.sum(cut, 501), series.sum(0, 501)]
        expect({ good: before.good + after.good, total: before.total + after.total }).toEqual({ good: all.good, total: all.total })
        expect(all.total).toBe(counts.reduce((sum, { total }) => sum + total, 0))
      }),
    )
  })

  test('hold the same after any stretch of them was read again', () => {
    fc.assert(
      fc.property(bucketCounts, fc.nat(500), fc.nat(500), (counts, a, b) => {
        const range = { from: Math.min(a, b), to: Math.max(a, b) }
        const series = seriesOf(counts)
        series.replace(range, counts.filter(({ bucket }) => bucket >= range.from && bucket < range.to))
        expect(series.sum(0, 501).total).toBe(counts.reduce((sum, { total }) => sum + total, 0))
      }),
    )
  })

  test('forget what is older than their room, and nothing else', () => {
    fc.assert(
      fc.property(bucketCounts, fc.nat(600), (counts, steps) => {
        const series = seriesOf(counts)
        series.advance(501 + steps)
        expect(series.sum(series.start, series.end).total).toBe(counts.filter(({ bucket }) => bucket >= steps).reduce((sum, { total }) => sum + total, 0))
      }),
    )
  })
})
