import { describe, expect, test } from 'vitest'
import { replay } from '../src/history/replay.ts'
import { suggestTargets } from '../src/history/suggest-targets.ts'
import type { BucketCounts } from '../src/measure/event-store.ts'
import { objective, shippedCatalog } from './objectives.ts'

const MINUTE_MS = 60_000
const DAY = 1440
const range = { from: 0, to: 6 * DAY }

/** Six days of 100 requests a minute; `bad` says how many fail. */
function days(bad: (minute: number) => number): BucketCounts[] {
  return Array.from({ length: range.to }, (_, bucket) => ({ bucket, good: 100 - bad(bucket), total: 100 }))
}
const outages = (...starts: number[]) => (minute: number): number => (starts.some((start) => minute >= start && minute < start + 10) ? 100 : 0)

describe('a replay of measured minutes', () => {
  test('says when the rules would have fired and cleared, and how late', () => {
    const alerts = replay(objective(), days(outages(4 * DAY, 5 * DAY)), range, MINUTE_MS).filter(({ severity }) => severity === 'page')
    // Vector 1: at 100 % the first tier fires in the first minute. It clears when its short window has drained, and the second tier with it.
    expect(alerts.map(({ tier, firedAt, detection }) => [tier, firedAt, detection])).toEqual([['1h/5m', 4 * DAY, 1], ['1h/5m', 5 * DAY, 1]])
    expect(alerts[0]!.clearedAt).toBe(4 * DAY + 39)
    // One minute of 43.2 that a month at 99.9 % allows.
    expect(alerts[0]!.spent).toBeCloseTo(1 / 43.2, 6)
  })

  test('counts the detection from the beginning of the fault, not of the window', () => {
    const [page] = replay(objective(), days((minute) => (minute >= 4 * DAY && minute < 4 * DAY + 60 ? 10 : 0)), range, MINUTE_MS)
    // Vector 4: 10 % is found in the ninth minute.
    expect([page!.firedAt, page!.detection]).toEqual([4 * DAY + 8, 9])
  })

  test('names an alert that never cleared', () => {
    const last = replay(objective(), days((minute) => (minute >= range.to - 30 ? 100 : 0)), range, MINUTE_MS)
    expect(last.map(({ severity, clearedAt }) => [severity, clearedAt])).toEqual([['page', undefined], ['ticket', undefined]])
  })

  test('of a calm time has no alerts', () => {
    expect(replay(objective(), days(() => 0), range, MINUTE_MS)).toEqual([])
  })
})

describe('a suggestion', () => {
  test('is the strictest usual target that would have kept a third of its budget', () => {
    const { suggested, trials } = suggestTargets(objective(), shippedCatalog, days((minute) => (minute % 10 === 0 ? 5 : 0)), range, MINUTE_MS)
    // Half a percent fails: at 99 % half of the budget is left, at 99.5 % nothing.
    expect(suggested).toBe('0.99')
    expect(trials.find(({ target }) => target === '0.99')).toMatchObject({ remaining: 0.5, badDays: 0, pages: 0 })
    expect(trials.find(({ target }) => target === '0.995')!.remaining).toBe(0)
    expect(trials.find(({ target }) => target === '0.999')).toMatchObject({ badDays: 6, remaining: -4 })
  })

  test('is not made of nothing', () => {
    expect(suggestTargets(objective(), shippedCatalog, [], range, MINUTE_MS)).toEqual({ suggested: undefined, trials: [] })
  })
})
