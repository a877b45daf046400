import { describe, expect, test } from 'vitest'
import { type Correction, ruleFault, timesOf, united, without } from '../src/corrections/correction.ts'
import { Measurement } from '../src/measure/measurement.ts'
import { evaluate } from '../src/objective/evaluation.ts'
import type { Objective } from '../src/objective/objective.ts'
import { readingOf } from '../src/objective/reading.ts'
import { type ObjectiveSet, readObjectiveSet } from '../src/openslo/objective-set.ts'
import { ListStore } from './list-store.ts'
import { MemoryRollUp } from './memory-roll-up.ts'
import { objective, shippedCatalog } from './objectives.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const NOW_MS = Date.parse('2026-11-21T00:00:00Z')
const nightly: Correction = { name: 'nightly', slos: ['checkout'], start: '2026-03-01T02:00:00', zone: 'Europe/Paris', durationMs: HOUR_MS, rule: 'FREQ=WEEKLY;BYDAY=SU', rows: undefined }
const iso = (spans: readonly { fromMs: number; toMs: number }[]): string[] => spans.map(({ fromMs, toMs }) => `${new Date(fromMs).toISOString().slice(0, 16)} ${new Date(toMs).toISOString().slice(11, 16)}`)

describe('the times of a correction', () => {
  test('follow their rule in the time of their zone: there is no 02:00 on the night when clocks go forward', () => {
    expect(iso(timesOf(nightly, { fromMs: Date.parse('2026-03-14'), toMs: Date.parse('2026-04-12') }))).toEqual(['2026-03-15T01:00 02:00', '2026-03-22T01:00 02:00', '2026-04-05T00:00 01:00'])
  })

  test('are cut at what is asked for, and begin before it if they reach into it', () => {
    expect(iso(timesOf({ ...nightly, rule: undefined, zone: 'UTC' }, { fromMs: Date.parse('2026-03-01T02:30Z'), toMs: Date.parse('2026-03-01T02:45Z') }))).toEqual(['2026-03-01T02:30 02:45'])
    expect(timesOf({ ...nightly, rule: undefined, zone: 'UTC' }, { fromMs: Date.parse('2026-03-01T03:00Z'), toMs: NOW_MS })).toEqual([])
  })

  test('are united and taken from each other without a gap or an overlap', () => {
    const span = (fromMs: number, toMs: number): { fromMs: number; toMs: number } => ({ fromMs, toMs })
    expect(united([span(5, 9), span(1, 3), span(3, 4), span(6, 7)])).toEqual([span(1, 4), span(5, 9)])
    expect(without(span(0, 10), [span(1, 4), span(5, 9)])).toEqual([span(0, 1), span(4, 5), span(9, 10)])
    expect(without(span(2, 3), [span(1, 4)])).toEqual([])
  })

  test('need a rule that is one', () => {
    expect([ruleFault('FREQ=DAILY', nightly.start, 'UTC'), ruleFault('FREQ=SOMETIMES', nightly.start, 'UTC')]).toEqual([undefined, expect.stringContaining('SOMETIMES')])
  })
})

describe('an objective with a correction', () => {
  /** Four hours of one event a minute, bad from two hours ago to one hour ago. */
  async function evaluated(corrections: readonly Correction[], period = '4h'): Promise<ReturnType<typeof evaluate>> {
    const store = new ListStore()
    for (let minute = 1; minute <= 240; minute++) store.add(NOW_MS - minute * MINUTE_MS, minute > 60 && minute <= 120)
    const watched: Objective = { ...objective({ period, target: '0.9' }), corrections }
    const measurement = new Measurement({ store, rollUp: new MemoryRollUp(), bucketMs: MINUTE_MS, ingestLagMs: 0, finalAfterMs: 0, rescanMs: HOUR_MS, scanTimeoutMs: 1000 })
    await measurement.refresh([watched], NOW_MS, AbortSignal.timeout(10_000))
    return evaluate(watched, readingOf(watched, measurement, NOW_MS)!)
  }
  const window = (start: string, hours: number): Correction => ({ ...nightly, start, zone: 'UTC', durationMs: hours * HOUR_MS, rule: undefined })

  test('leaves out the events of its time, past as it is, from the budget and from every window', async () => {
    expect((await evaluated([])).budgetRemaining).toBe(-1.5)
    const { period, budgetRemaining, windows } = await evaluated([window('2026-11-20T22:00:00', 1)])
    expect([period.good, period.total, budgetRemaining]).toEqual([180, 180, 1])
    expect(windows.every(({ burn }) => burn === 0)).toBe(true)
  })

  test('leaves out what overlaps once', async () => {
    const { period } = await evaluated([window('2026-11-20T22:00:00', 1), window('2026-11-20T22:30:00', 1), window('2026-11-20T21:00:00', 2)])
    expect([period.good, period.total]).toEqual([90, 90])
  })

  test('leaves out what lies ahead when it comes', async () => {
    expect((await evaluated([window('2026-11-21T01:00:00', 1)])).budgetRemaining).toBe(-1.5)
  })
})

test('targets that changed judge the events of their own time only', () => {
  const hour = (good: number, total: number): { good: number; total: number } => ({ good, total })
  const reading = { atMs: 0, countsOf: () => hour(0, 0), period: hour(1980, 2000), revised: [hour(990, 1000)], periodMs: 1, elapsedMs: 1, historyMs: 1, coverage: 1, provisionalMs: 0, rowsRead: 0 }
  const now = objective({ target: '0.999' })
  const before = { fromMs: 0, toMs: 1, budget: objective({ target: '0.98' }).budget }
  // Ten bad at 98 %, ten at 99.9 %, of two thousand events: 10/40 and 10/2 of the budget.
  expect(evaluate({ ...now, revisions: [before] }, reading).budgetRemaining).toBeCloseTo(1 - 0.25 - 5, 9)
  expect(evaluate(now, { ...reading, revised: [] }).budgetRemaining).toBeCloseTo(-9, 9)
})

describe('a Correction document', () => {
  const slo = `apiVersion: openslo/v1
kind: SLO
metadata: {name: orders}
spec:
  service: shop
  indicator: {spec: {ratioMetric: {good: {metricSource: {spec: {template: spans, statusNot: Error}}}, total: {metricSource: {spec: {template: spans, service: shop}}}}}}
  timeWindow: [{duration: 30d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{target: 0.99}]
---
`
  const read = (spec: string): ObjectiveSet => readObjectiveSet([{ file: 'a.yaml', text: `${slo}apiVersion: ballast/v1\nkind: Correction\nmetadata: {name: maintenance}\nspec: ${spec}\n` }], shippedCatalog)

  test('is for the SLOs that it names', () => {
    const { objectives, problems } = read('{slos: [orders], startTime: 2026-03-01 02:00:00, timeZone: Europe/Paris, duration: 1h, rrule: FREQ=WEEKLY;BYDAY=SU, rows: {tenant: synthetic}}')
    expect(problems).toEqual([])
    expect(objectives[0]!.corrections).toEqual([{ ...nightly, name: 'maintenance', slos: ['orders'], rows: { tenant: 'synthetic' } }])
  })

  test.each([
    ['an SLO that is nowhere', '{slos: [order], startTime: 2026-03-01 02:00:00, duration: 1h}', /slos\[0\] is "order", which names no SLO that is in effect; allowed: orders/],
    ['a rule that is none', '{slos: [orders], startTime: 2026-03-01 02:00:00, duration: 1h, rrule: weekly}', /rrule is "weekly", which is no recurrence/],
    ['rows of nobody', '{slos: [orders], startTime: 2026-03-01 02:00:00, duration: 1h, rows: {}}', /rows says no rows/],
    ['a length without a unit', '{slos: [orders], startTime: 2026-03-01 02:00:00, duration: "1"}', /duration is "1"; allowed: a whole number and m/],
  ])('with %s is refused, and the SLO stays', (_, spec, message) => {
    const { objectives, problems } = read(spec)
    expect(problems.map((problem) => problem.message)).toContainEqual(expect.stringMatching(message))
    expect(objectives.map(({ corrections }) => corrections)).toEqual([[]])
  })
})
