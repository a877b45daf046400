import { RRuleTemporal } from 'rrule-temporal'
import { Temporal } from 'temporal-polyfill'
import type { TimeSpan } from '../calendar/period.ts'

/** Rows that are left out of an objective: all of some time, or those that a predicate describes. */
export interface Correction {
  readonly name: string
  /** SLOs, or objectives of them, that it is for. */
  readonly slos: readonly string[]
  /** First beginning, `YYYY-MM-DDThh:mm:ss` in the zone's time. */
  readonly start: string
  /** IANA name. */
  readonly zone: string
  readonly durationMs: number
  /** RFC 5545 recurrence, such as `FREQ=WEEKLY;BYDAY=SU`; once when absent. */
  readonly rule: string | undefined
  /** Which rows; all when absent. */
  readonly rows: CorrectedRows | undefined
}

/** Rows of one tenant, or with certain attributes. */
export interface CorrectedRows {
  readonly tenant?: string
  readonly attributes?: Readonly<Record<string, string>>
}

/** When a correction holds, as far as that overlaps with `span`; ascending. */
export function timesOf({ start, zone, durationMs, rule }: Correction, { fromMs, toMs }: TimeSpan): TimeSpan[] {
  const first = Temporal.PlainDateTime.from(start).toZonedDateTime(zone)
  const begins =
    rule === undefined
      ? [first.epochMilliseconds]
      : recurrence(rule, start, zone).between(new Date(fromMs - durationMs), new Date(toMs), true).map((occurrence) => occurrence.epochMilliseconds)
  return begins.map((begin) => ({ fromMs: Math.max(begin, fromMs), toMs: Math.min(begin + durationMs, toMs) })).filter((span) => span.fromMs < span.toMs)
}

/** Why a recurrence rule cannot be used; `undefined` when it can. */
export function ruleFault(rule: string, start: string, zone: string): string | undefined {
  try {
    recurrence(rule, start, zone).next(new Date(0))
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

/** The union of times: ascending, none touching another. */
export function united(spans: readonly TimeSpan[]): TimeSpan[] {
  const merged: { fromMs: number; toMs: number }[] = []
  for (const span of spans.toSorted((a, b) => a.fromMs - b.fromMs)) {
    const last = merged.at(-1)
    if (last !== undefined && span.fromMs <= last.toMs) last.toMs = Math.max(last.toMs, span.toMs)
    else merged.push({ ...span })
  }
  return merged
}

/** What of `span` lies outside of `others`, which are united. */
export function without(span: TimeSpan, others: readonly TimeSpan[]): TimeSpan[] {
  const parts: TimeSpan[] = []
  let { fromMs } = span
  for (const other of others) {
    if (other.toMs <= fromMs || other.fromMs >= span.toMs) continue
    if (other.fromMs > fromMs) parts.push({ fromMs, toMs: other.fromMs })
    fromMs = other.toMs
  }
  return fromMs < span.toMs ? [...parts, { fromMs, toMs: span.toMs }] : parts
}

function recurrence(rule: string, start: string, zone: string): RRuleTemporal<Temporal.ZonedDateTime> {
  return new RRuleTemporal({ rruleString: `RRULE:${rule}`, dtstart: Temporal.PlainDateTime.from(start).toZonedDateTime(zone), tzid: zone, strict: true, temporal: Temporal })
}
