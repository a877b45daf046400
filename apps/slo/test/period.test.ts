import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type CalendarCycle, cycleAt, isTimeZone } from '../src/calendar/period.ts'
import { periodWindow } from '../src/measure/sum-window.ts'

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000
const monthly = (zone: string, anchor = '2026-01-01T00:00:00'): CalendarCycle => ({ unit: 'months', count: 1, zone, anchor })
const iso = (ms: number): string => new Date(ms).toISOString().slice(0, 16)

describe('vector 32: New York\'s months', () => {
  test('March 2026 begins at 05:00Z, ends at 04:00Z, and is an hour shorter than 31 days', () => {
    const { fromMs, toMs } = cycleAt(monthly('America/New_York'), Date.parse('2026-03-15T12:00:00Z'))
    expect([iso(fromMs), iso(toMs), toMs - fromMs]).toEqual(['2026-03-01T05:00', '2026-04-01T04:00', 31 * DAY_MS - HOUR_MS])
  })

  test('November is an hour longer', () => {
    const { fromMs, toMs } = cycleAt(monthly('America/New_York'), Date.parse('2026-11-15T12:00:00Z'))
    expect(toMs - fromMs).toBe(30 * DAY_MS + HOUR_MS)
  })

  test('2026-07-01T02:00Z still belongs to June', () => {
    const { fromMs } = cycleAt(monthly('America/New_York'), Date.parse('2026-07-01T02:00:00Z'))
    expect(iso(fromMs)).toBe('2026-06-01T04:00')
  })
})

test('periods that begin on the 31st end on the last day of shorter months, and are back on the 31st after them', () => {
  const starts = ['2026-02-10', '2026-03-10', '2026-04-10'].map((day) => iso(cycleAt(monthly('UTC', '2026-01-31T00:00:00'), Date.parse(day)).fromMs))
  expect(starts).toEqual(['2026-01-31T00:00', '2026-02-28T00:00', '2026-03-31T00:00'])
})

test('weeks begin on the anchor\'s weekday, quarters every three months, before the anchor too', () => {
  const week: CalendarCycle = { unit: 'weeks', count: 1, zone: 'Europe/Paris', anchor: '2026-01-05T00:00:00' }
  expect(iso(cycleAt(week, Date.parse('2026-07-08T10:00:00Z')).fromMs)).toBe('2026-07-05T22:00')
  const quarter: CalendarCycle = { unit: 'months', count: 3, zone: 'UTC', anchor: '2026-01-01T00:00:00' }
  expect(['2026-05-20', '2025-12-31'].map((day) => iso(cycleAt(quarter, Date.parse(day)).fromMs))).toEqual(['2026-04-01T00:00', '2025-10-01T00:00'])
})

test('whatever the zone, the unit and the moment: it lies in its period, and periods follow each other without a gap', () => {
  const zones = ['UTC', 'America/New_York', 'Europe/Paris', 'Australia/Lord_Howe', 'Asia/Kolkata', 'America/Sao_Paulo', 'Pacific/Apia', 'Africa/Cairo']
  const cycle = fc.record({ unit: fc.constantFrom('hours', 'days', 'weeks', 'months', 'years' as const), count: fc.integer({ min: 1, max: 6 }), zone: fc.constantFrom(...zones), anchor: fc.constantFrom('2026-01-01T00:00:00', '2024-02-29T02:30:00', '2025-10-31T23:59:59') })
  fc.assert(
    fc.property(cycle as fc.Arbitrary<CalendarCycle>, fc.integer({ min: Date.parse('2009-01-01'), max: Date.parse('2035-01-01') }), (each, atMs) => {
      const { fromMs, toMs } = cycleAt(each, atMs)
      expect(fromMs <= atMs && atMs < toMs).toBe(true)
      expect(cycleAt(each, toMs).fromMs).toBe(toMs)
      expect(cycleAt(each, fromMs - 1).toMs).toBe(fromMs)
    }),
    { numRuns: process.env['BALLAST_TEST_LONG'] === undefined ? 300 : 20_000 },
  )
})

test('a period\'s window begins with it and starts anew when it is over', () => {
  const window = periodWindow({ text: '1M', ms: 30 * DAY_MS, calendar: monthly('UTC') }, 60_000)
  const march = Date.parse('2026-03-01') / 60_000
  expect([window.start(march), window.start(march + 1), window.start(march + 5000)]).toEqual([Date.parse('2026-02-01') / 60_000, march, march])
})

test('zones are those of the calendar', () => {
  expect(['Europe/Paris', 'UTC', 'Mars/Olympus', ''].map(isTimeZone)).toEqual([true, true, false, false])
})
