import { type CalendarCycle, isTimeZone, type Period } from '../calendar/period.ts'
import type { TextRule, YamlField } from './yaml-field.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** OpenSLO's units: `m` is minutes, `M` months. A rolling month is 30 days, a quarter 90, a year 365, as the OpenSLO SDK has it. */
const UNITS = {
  m: { ms: MINUTE_MS, calendar: undefined },
  h: { ms: HOUR_MS, calendar: { unit: 'hours', each: 1 } },
  d: { ms: DAY_MS, calendar: { unit: 'days', each: 1 } },
  w: { ms: 7 * DAY_MS, calendar: { unit: 'weeks', each: 1 } },
  M: { ms: 30 * DAY_MS, calendar: { unit: 'months', each: 1 } },
  Q: { ms: 90 * DAY_MS, calendar: { unit: 'months', each: 3 } },
  Y: { ms: 365 * DAY_MS, calendar: { unit: 'years', each: 1 } },
} as const

export const durationRule: TextRule = { pattern: /^[1-9]\d{0,3}[mhdwMQY]$/, allowed: 'a whole number and m (minutes), h, d, w, M (months), Q or Y, such as 30d' }
const startRule: TextRule = { pattern: /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/, allowed: 'a time such as "2026-01-01 00:00:00", quoted' }
const zoneRule: TextRule = { maxLength: 60, allowed: 'an IANA time zone such as Europe/Paris' }

/** Reads `timeWindow`: exactly one, rolling or of the calendar. */
export function readTimeWindow(timeWindow: YamlField): Period | undefined {
  const [window] = timeWindow.items({ min: 1, max: 1 })
  if (window === undefined || !window.isMapOf(['duration', 'isRolling', 'calendar'])) return undefined
  const [rolling, calendar] = [window.get('isRolling'), window.get('calendar')]
  const isRolling = rolling.optionalFlag()
  if (rolling.given && isRolling === undefined) return undefined
  if (calendar.given && isRolling === true) return calendar.refuse('cannot stand beside isRolling: true', 'isRolling: false')
  if (!calendar.given && isRolling !== true) return isRolling === false ? window.miss('calendar', 'needs a calendar, because it is not rolling') : rolling.miss('true, or a calendar')
  const duration = readDuration(window.get('duration'))
  if (duration === undefined) return undefined
  if (!calendar.given) return { text: duration.text, ms: duration.ms }
  const cycle = readCycle(calendar, window.get('duration'), duration)
  return cycle && { text: duration.text, ms: duration.ms, calendar: cycle }
}

/** A duration as OpenSLO has it. */
export function readDuration(field: YamlField, rule = durationRule): { readonly text: string; readonly ms: number; readonly count: number; readonly unit: keyof typeof UNITS } | undefined {
  const text = field.text(rule)
  if (text === undefined) return undefined
  const count = Number(text.slice(0, -1))
  const unit = text.at(-1) as keyof typeof UNITS
  return { text, ms: count * UNITS[unit].ms, count, unit }
}

function readCycle(calendar: YamlField, durationField: YamlField, { count, unit }: { readonly count: number; readonly unit: keyof typeof UNITS }): CalendarCycle | undefined {
  if (!calendar.isMapOf(['startTime', 'timeZone'])) return undefined
  const start = calendar.get('startTime').text(startRule)
  const zone = calendar.get('timeZone').text(zoneRule)
  const steps = UNITS[unit].calendar
  if (steps === undefined) return durationField.refuse('is not a period of the calendar', 'h, d, w, M, Q or Y')
  if (start === undefined || zone === undefined) return undefined
  if (!isTimeZone(zone)) return calendar.get('timeZone').refuse('is not known', zoneRule.allowed)
  const anchor = start.replace(' ', 'T')
  // `Date` would read 30 February as 2 March.
  if (new Date(`${anchor}Z`).toJSON()?.slice(0, 19) !== anchor) return calendar.get('startTime').refuse('is not a time of the calendar', startRule.allowed)
  return { unit: steps.unit, count: count * steps.each, zone, anchor }
}
