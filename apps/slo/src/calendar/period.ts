import { Temporal } from 'temporal-polyfill'
import type { Window } from '../burn/window.ts'

/** Periods that follow the calendar: from `anchor` on, every so many days, weeks, months or years, in the time of a zone. */
export interface CalendarCycle {
  readonly unit: 'hours' | 'days' | 'weeks' | 'months' | 'years'
  readonly count: number
  /** IANA name. */
  readonly zone: string
  /** A beginning of a period, `YYYY-MM-DDThh:mm:ss` in the zone's time. */
  readonly anchor: string
}

/** What a budget is for: a rolling window, or the period of the calendar that it is in. `ms` of a calendar's is nominal: 30 days a month. */
export interface Period extends Window {
  readonly calendar?: CalendarCycle
}

/** From one moment up to another, which is not included: milliseconds since the epoch. */
export interface TimeSpan {
  readonly fromMs: number
  readonly toMs: number
}

/** The last answer for each cycle: asked again and again for times that lie in it. */
const latest = new WeakMap<CalendarCycle, TimeSpan>()

/** The period that `atMs` lies in. Its length is real time: a month in which clocks change is an hour shorter or longer. */
export function cycleAt(cycle: CalendarCycle, atMs: number): TimeSpan {
  const known = latest.get(cycle)
  if (known !== undefined && atMs >= known.fromMs && atMs < known.toMs) return known
  const anchor = Temporal.PlainDateTime.from(cycle.anchor).toZonedDateTime(cycle.zone)
  const at = Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(cycle.zone)
  // Always counted from the anchor, so that the 31st stays the 31st after a shorter month.
  const start = (index: number): number => anchor.add({ [cycle.unit]: index * cycle.count }).epochMilliseconds
  let index = Math.floor(anchor.until(at, { largestUnit: cycle.unit })[cycle.unit] / cycle.count)
  while (start(index) > atMs) index--
  while (start(index + 1) <= atMs) index++
  const span = { fromMs: start(index), toMs: start(index + 1) }
  latest.set(cycle, span)
  return span
}

/** The time that the budget at `atMs` is for: the window that ends there, or the whole period of the calendar, which ends later. */
export function periodAt(period: Period, atMs: number): TimeSpan {
  return period.calendar === undefined ? { fromMs: atMs - period.ms, toMs: atMs } : cycleAt(period.calendar, atMs)
}

/** Whether this is a time zone that the calendar knows. */
export function isTimeZone(zone: string): boolean {
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(zone)
    return true
  } catch {
    return false
  }
}
