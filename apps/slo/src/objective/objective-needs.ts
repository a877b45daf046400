import { type Period, periodAt, type TimeSpan } from '../calendar/period.ts'
import { type CorrectedRows, timesOf, united, without } from '../corrections/correction.ts'
import { isRowIndicator } from '../measure/indicator.ts'
import { partOf, periodWindow, rollingWindow, type SumWindow } from '../measure/sum-window.ts'
import { type Series, seriesOf } from '../measure/series.ts'
import type { Objective } from './objective.ts'

const HOUR_MS = 3_600_000

/** A series that must be measured, and the windows over it that are asked for. */
export interface SeriesNeed {
  readonly series: Series
  readonly windows: readonly SumWindow[]
}

/** A window of an objective, and what is to be taken off it. */
export interface NeededWindow {
  readonly window: SumWindow
  readonly excluded: readonly { readonly series: Series; readonly window: SumWindow }[]
}

/** What must be measured for one objective. */
export interface ObjectiveNeed {
  readonly series: Series
  /** By length, milliseconds. */
  readonly tiers: ReadonlyMap<number, NeededWindow>
  readonly period: NeededWindow
  /** The parts of the period that older targets were for, each with its own. */
  readonly revisions: readonly NeededWindow[]
}

/** What must be measured for objectives: each series once, with the windows of all who share it. */
export function needsOf(objectives: readonly Objective[], bucketMs: number, nowMs: number): SeriesNeed[] {
  const needs = new Map<string, { readonly series: Series; readonly windows: Map<string, SumWindow> }>()
  const add = (series: Series, window: SumWindow): void => {
    const known = needs.get(series.id)
    if (known === undefined) needs.set(series.id, { series, windows: new Map([[window.key, window]]) })
    else known.windows.set(window.key, window)
  }
  const measured = objectives.flatMap((objective) => objective.composite?.parts.map((part) => part.objective) ?? objective)
  for (const objective of measured) {
    const { series, tiers, period, revisions } = needOf(objective, bucketMs, nowMs)
    for (const { window, excluded } of [...tiers.values(), period, ...revisions]) {
      add(series, window)
      for (const each of excluded) add(each.series, each.window)
    }
  }
  return [...needs.values()].map(({ series, windows }) => ({ series, windows: [...windows.values()] }))
}

/** Whether what must be measured changes with time: a correction that comes back brings new windows. */
export function needsMove(objectives: readonly Objective[]): boolean {
  return objectives.some(({ corrections, composite }) => corrections.length > 0 || composite?.parts.some(({ objective }) => objective.corrections.length > 0))
}

const cached = new WeakMap<Objective, { readonly bucketMs: number; readonly hour: number; readonly need: ObjectiveNeed }>()

/** What must be measured for one objective. Corrections are looked up for the hour that `nowMs` is in. */
export function needOf(objective: Objective, bucketMs: number, nowMs: number): ObjectiveNeed {
  const hour = objective.corrections.length === 0 ? 0 : Math.floor(nowMs / HOUR_MS)
  const known = cached.get(objective)
  if (known?.bucketMs === bucketMs && known.hour === hour) return known.need
  const { indicator, budgeting, noTraffic, period, tiers } = objective
  const series = seriesOf(indicator, budgeting, noTraffic, bucketMs)
  const exclusions = exclusionsOf(objective, bucketMs, asked(period, nowMs))
  const needed = (window: SumWindow): NeededWindow => ({ window, excluded: exclusions.map(({ series: each, from, to }) => ({ series: each, window: partOf(window, from, Math.min(to, window.stop ?? to)) })) })
  const whole = periodWindow(period, bucketMs)
  const need = {
    series,
    tiers: new Map([...new Set(tiers.flatMap(({ long, short }) => [long.ms, short.ms]))].map((ms) => [ms, needed(rollingWindow(ms, bucketMs))])),
    period: needed(whole),
    revisions: objective.revisions.map(({ fromMs, toMs }) => needed(partOf(whole, Math.ceil(fromMs / bucketMs), Math.ceil(toMs / bucketMs)))),
  }
  cached.set(objective, { bucketMs, hour, need })
  return need
}

/** A stretch of buckets that corrections leave out: of the objective's own series, or of the rows that they describe. */
export interface Exclusion {
  readonly series: Series
  readonly from: number
  readonly to: number
}

/** The time that windows look at, from the period's beginning or a month ago; and an hour ahead: until then nobody asks again. */
function asked(period: Period, nowMs: number): TimeSpan {
  return { fromMs: Math.min(periodAt(period, nowMs).fromMs - HOUR_MS, nowMs - 31 * 24 * HOUR_MS), toMs: nowMs + 2 * HOUR_MS }
}

/** What corrections leave out in a span: whole times, and rows of other times. */
export function exclusionsOf({ corrections, indicator, budgeting, noTraffic }: Objective, bucketMs: number, span: TimeSpan): Exclusion[] {
  if (corrections.length === 0) return []
  const series = seriesOf(indicator, budgeting, noTraffic, bucketMs)
  const times = (rows: CorrectedRows | undefined): TimeSpan[] => corrections.filter((each) => each.rows === rows).flatMap((each) => timesOf(each, span))
  const stretch = (each: Series, { fromMs, toMs }: TimeSpan): Exclusion => ({ series: each, from: Math.floor(fromMs / bucketMs), to: Math.ceil(toMs / bucketMs) })
  const whole = united(times(undefined))
  const parts = corrections.flatMap(({ rows }) => {
    if (rows === undefined || !isRowIndicator(indicator)) return []
    const { conditions, ...scope } = indicator.total
    const narrowed = { ...indicator, total: { ...scope, ...(rows.tenant === undefined ? {} : { tenant: rows.tenant }), conditions: { ...conditions, attributes: { ...conditions.attributes, ...rows.attributes } } } }
    const each = seriesOf(narrowed, budgeting, noTraffic, bucketMs)
    return times(rows).flatMap((time) => without(time, whole).map((part) => stretch(each, part)))
  })
  return [...whole.map((time) => stretch(series, time)), ...parts]
}
