import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { Measurement } from '../src/measure/measurement.ts'
import { rollingWindow } from '../src/measure/sum-window.ts'
import { needOf } from '../src/objective/objective-needs.ts'
import type { Objective } from '../src/objective/objective.ts'
import { readingOf } from '../src/objective/reading.ts'
import { ListStore } from './list-store.ts'
import { MemoryRollUp } from './memory-roll-up.ts'
import { objective } from './objectives.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
/** A midnight. */
const NOW_MS = 20_000 * DAY_MS
const signal = new AbortController().signal
const watched = objective({ period: '4h' })
const watchedList = [watched]

let store: ListStore
let rollUp: MemoryRollUp
let measurement: Measurement

beforeEach(() => {
  store = new ListStore()
  rollUp = new MemoryRollUp()
  measurement = measure()
})

function measure(options: Partial<ConstructorParameters<typeof Measurement>[0]> = {}): Measurement {
  return new Measurement({ store, rollUp, bucketMs: MINUTE_MS, ingestLagMs: 5000, finalAfterMs: 5 * MINUTE_MS, rescanMs: HOUR_MS, scanTimeoutMs: 1000, pastBudgetMs: 60_000, ...options })
}

const refresh = (nowMs: number, objectives: readonly Objective[] = watchedList): Promise<number> => measurement.refresh(objectives, nowMs, signal)
const idOf = (each: Objective): string => needOf(each, MINUTE_MS, NOW_MS).series.id
/** Good and total events of a window, or `undefined` while they are not known. */
function counts(windowMs: number, each = watched): unknown {
  const sums = measurement.sum(idOf(each), rollingWindow(windowMs, MINUTE_MS))
  return sums && { good: sums.good, total: sums.total }
}

describe('a measurement', () => {
  test('reads the whole period once, and then only what is new or not final, and the minute that is an hour old', async () => {
    store.add(NOW_MS - 230 * MINUTE_MS)
    await refresh(NOW_MS)
    const reads = store.reads.length
    await refresh(NOW_MS + MINUTE_MS)
    const now = NOW_MS / MINUTE_MS
    expect(store.reads.slice(reads)).toEqual([{ from: now - 6, to: now + 1, indicators: 1 }, { from: now - 60, to: now - 59, indicators: 1 }])
    expect(counts(4 * HOUR_MS)).toEqual({ good: 1, total: 1 })
  })

  test('counts up to the watermark and not beyond', async () => {
    store.add(NOW_MS - 5001)
    store.add(NOW_MS - 5000)
    expect(await refresh(NOW_MS)).toBe(NOW_MS - 5000)
    expect(counts(HOUR_MS)).toEqual({ good: 1, total: 1 })
    await refresh(NOW_MS + 1)
    expect(counts(HOUR_MS)).toEqual({ good: 2, total: 2 })
  })

  test('vector 42: a bucket that is read again with more rows replaces itself, good and total together', async () => {
    for (let row = 0; row < 10; row++) store.add(NOW_MS - 90_000)
    await refresh(NOW_MS)
    store.add(NOW_MS - 90_000)
    store.add(NOW_MS - 91_000, true)
    await refresh(NOW_MS + 1000)
    expect(counts(HOUR_MS)).toEqual({ good: 11, total: 12 })
  })

  test('keeps each bucket when it is whole, and again when it is final, in the roll-up', async () => {
    store.add(NOW_MS - 90_000)
    await refresh(NOW_MS)
    const rows = (): unknown[] => [...rollUp.buckets.get(idOf(watched))!.values()].map(({ bucket, sums, final }) => ({ bucket, total: sums.total, final }))
    expect(rows()).toEqual([{ bucket: NOW_MS / MINUTE_MS - 2, total: 1, final: false }])
    store.add(NOW_MS - 90_000)
    await refresh(NOW_MS + 6 * MINUTE_MS)
    expect(rows()).toEqual([{ bucket: NOW_MS / MINUTE_MS - 2, total: 2, final: true }])
    const { written } = rollUp
    await refresh(NOW_MS + 7 * MINUTE_MS)
    expect(rollUp.written).toBe(written)
  })

  test('counts rows that came long after their bucket was final when it is an hour old, and a day', async () => {
    await refresh(NOW_MS)
    store.add(NOW_MS - 10 * MINUTE_MS, true)
    for (let minute = 1; minute <= 49; minute++) await refresh(NOW_MS + minute * MINUTE_MS)
    expect(counts(4 * HOUR_MS)).toEqual({ good: 0, total: 0 })
    for (let minute = 50; minute <= 60; minute++) await refresh(NOW_MS + minute * MINUTE_MS)
    expect(counts(4 * HOUR_MS)).toEqual({ good: 0, total: 1 })
    expect(rollUp.sum(idOf(watched), { from: 0, to: 1e9 })).toMatchObject({ total: 1 })
  })

  test('does not take back what was counted when the rows themselves are dropped', async () => {
    store.add(NOW_MS - 10 * MINUTE_MS)
    await refresh(NOW_MS)
    store.events.length = 0
    for (let minute = 5; minute <= 100; minute += 5) await refresh(NOW_MS + minute * MINUTE_MS)
    expect(counts(4 * HOUR_MS)).toEqual({ good: 1, total: 1 })
  })

  test('measures the past of an objective that is new, and counts what two share once', async () => {
    store.add(NOW_MS - 200 * MINUTE_MS, false, 'catalog')
    const [same, other] = [objective({ name: 'same', period: '4h' }), objective({ name: 'other', period: '4h', service: 'catalog' })]
    await refresh(NOW_MS, [watched, same])
    expect(store.reads.every(({ indicators }) => indicators === 1)).toBe(true)
    await refresh(NOW_MS + 1000, [watched, same, other])
    expect(counts(4 * HOUR_MS, other)).toEqual({ good: 1, total: 1 })
    expect(counts(4 * HOUR_MS, same)).toEqual({ good: 0, total: 0 })
  })

  test('goes on from what was measured before a restart, and reads again only the hours that it keeps in memory', async () => {
    store.add(NOW_MS - 230 * MINUTE_MS, true)
    await refresh(NOW_MS)
    for (let minute = 1; minute <= 6; minute++) await refresh(NOW_MS + minute * MINUTE_MS)
    store.reads.length = 0
    store.events.length = 0
    measurement = measure()
    await refresh(NOW_MS + 7 * MINUTE_MS)
    expect(store.reads).toHaveLength(1)
    expect(counts(4 * HOUR_MS)).toEqual({ good: 0, total: 1 })
  })

  test('fills the gap of a pause that is longer than what it keeps in memory', async () => {
    const month = objective({ period: '30d' })
    const objectives = [month]
    store.add(NOW_MS - 29 * DAY_MS)
    await refresh(NOW_MS, objectives)
    store.add(NOW_MS + 5 * HOUR_MS)
    store.reads.length = 0
    await refresh(NOW_MS + 20 * HOUR_MS, objectives)
    expect(counts(30 * DAY_MS, month)).toEqual({ good: 2, total: 2 })
    expect(Math.min(...store.reads.map(({ from }) => from))).toBe(NOW_MS / MINUTE_MS - 60)
  })

  test('keeps what it has when the store fails, and reads what it missed afterwards', async () => {
    store.add(NOW_MS - 100 * MINUTE_MS)
    await refresh(NOW_MS)
    store.failing = true
    await expect(refresh(NOW_MS + 20 * MINUTE_MS)).rejects.toThrow('away')
    expect(counts(4 * HOUR_MS)).toEqual({ good: 1, total: 1 })
    store.failing = false
    store.add(NOW_MS + 10 * MINUTE_MS)
    await refresh(NOW_MS + 30 * MINUTE_MS)
    expect(counts(4 * HOUR_MS)).toEqual({ good: 2, total: 2 })
  })

  test.each([1, 2, 3, 70])('loses nothing when the roll-up fails for a while, %d minutes in', async (minutes) => {
    for (let minute = -240; minute < 200; minute++) store.add(NOW_MS + minute * MINUTE_MS)
    await refresh(NOW_MS)
    rollUp.failing = true
    for (let minute = 1; minute <= minutes; minute++) await expect(refresh(NOW_MS + minute * MINUTE_MS)).rejects.toThrow('the roll-up is away')
    rollUp.failing = false
    for (let minute = minutes + 1; minute < minutes + 4; minute++) {
      await refresh(NOW_MS + minute * MINUTE_MS)
      expect(counts(4 * HOUR_MS)).toEqual({ good: 240, total: 240 })
    }
  })

  test('knows nothing of an objective whose source cannot be read, and everything of the others', async () => {
    const other = objective({ name: 'other', period: '4h', service: 'catalog' })
    const objectives = [watched, other]
    store.add(NOW_MS - 2 * MINUTE_MS)
    store.add(NOW_MS - 2 * MINUTE_MS, true, 'catalog')
    await refresh(NOW_MS, objectives)
    store.unreadable.add('catalog')
    await refresh(NOW_MS + MINUTE_MS, objectives)
    expect([counts(HOUR_MS), counts(HOUR_MS, other), measurement.failures]).toEqual([{ good: 1, total: 1 }, undefined, ['catalog is away']])
    store.unreadable.clear()
    await refresh(NOW_MS + 2 * MINUTE_MS, objectives)
    expect([counts(HOUR_MS, other), measurement.failures]).toEqual([{ good: 0, total: 1 }, []])
  })

  test('goes on with the others while the past of one cannot be read', async () => {
    const other = objective({ name: 'other', period: '30d', service: 'catalog' })
    const objectives = [objective({ period: '30d' }), other]
    store.add(NOW_MS - 20 * DAY_MS)
    store.unreadable.add('catalog')
    await refresh(NOW_MS, objectives)
    expect([readingOf(objectives[0]!, measurement, NOW_MS)?.period.total, readingOf(other, measurement, NOW_MS)]).toEqual([1, undefined])
    store.unreadable.clear()
    store.add(NOW_MS - 25 * DAY_MS, true, 'catalog')
    await refresh(NOW_MS + MINUTE_MS, objectives)
    expect(readingOf(other, measurement, NOW_MS)!.period).toMatchObject({ good: 0, total: 1 })
  })

  test('measures the past a day at a time, the newest first, and says how much of the period it has', async () => {
    const month = objective({ period: '30d' })
    const objectives = [month]
    measurement = measure({ pastBudgetMs: 0 })
    await refresh(NOW_MS, objectives)
    expect(readingOf(month, measurement, NOW_MS)).toBeUndefined()
    for (let tick = 1; tick <= 3; tick++) await refresh(NOW_MS + tick, objectives)
    const coverage = readingOf(month, measurement, NOW_MS)!.coverage
    expect(coverage).toBeGreaterThan(0.1)
    expect(coverage).toBeLessThan(0.2)
    for (let tick = 4; tick <= 40; tick++) await refresh(NOW_MS + tick, objectives)
    expect(readingOf(month, measurement, NOW_MS)!.coverage).toBe(1)
    expect(Math.max(...store.reads.map(({ from, to }) => to - from))).toBeLessThanOrEqual(1440)
  })
})

test('whatever arrives, however late, and however time moves on: a window holds exactly the events that lie in it', async () => {
  const step = fc.record({ minutes: fc.integer({ min: 0, max: 100 }), events: fc.array(fc.record({ ageMinutes: fc.nat(4), bad: fc.boolean() }), { maxLength: 5 }), restart: fc.boolean() })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), fc.array(fc.nat(400), { maxLength: 30 }), async (steps, history) => {
      store = new ListStore()
      rollUp = new MemoryRollUp()
      measurement = measure()
      let nowMs = NOW_MS + 5000
      for (const age of history) store.add(NOW_MS - age * MINUTE_MS - 1, age % 3 === 0)
      for (const { minutes, events, restart } of steps) {
        nowMs += minutes * MINUTE_MS
        for (const { ageMinutes, bad } of events) store.add(nowMs - 5000 - ageMinutes * MINUTE_MS - 1, bad)
        if (restart) measurement = measure()
        await refresh(nowMs)
        const end = Math.ceil((nowMs - 5000) / MINUTE_MS)
        for (const windowMs of [5 * MINUTE_MS, HOUR_MS, 4 * HOUR_MS]) {
          const inside = store.events.filter(({ atMs }) => atMs < nowMs - 5000 && Math.floor(atMs / MINUTE_MS) >= end - windowMs / MINUTE_MS)
          expect(counts(windowMs)).toEqual({ good: inside.filter(({ bad }) => !bad).length, total: inside.length })
        }
      }
    }),
    { numRuns: process.env['BALLAST_TEST_LONG'] === undefined ? 60 : 3000 },
  )
})
