import { periodWindow, rollingWindow, type SumWindow } from '../measure/sum-window.ts'
import { type Series, seriesOf } from '../measure/series.ts'
import type { Objective } from './objective.ts'

/** A series that must be measured, and the windows over it that are asked for. */
export interface SeriesNeed {
  readonly series: Series
  readonly windows: readonly SumWindow[]
}

/** What must be measured for objectives: each series once, with the windows of all who share it. */
export function needsOf(objectives: readonly Objective[], bucketMs: number): SeriesNeed[] {
  const needs = new Map<string, { readonly series: Series; readonly windows: Map<string, SumWindow> }>()
  for (const objective of objectives) {
    const { series, windows } = needOf(objective, bucketMs)
    const known = needs.get(series.id) ?? { series, windows: new Map<string, SumWindow>() }
    for (const window of windows) known.windows.set(window.key, window)
    needs.set(series.id, known)
  }
  return [...needs.values()].map(({ series, windows }) => ({ series, windows: [...windows.values()] }))
}

const cached = new WeakMap<Objective, { readonly bucketMs: number; readonly need: SeriesNeed }>()

/** What must be measured for one objective. */
export function needOf(objective: Objective, bucketMs: number): SeriesNeed {
  const known = cached.get(objective)
  if (known?.bucketMs === bucketMs) return known.need
  const { indicator, budgeting, noTraffic, period, tiers } = objective
  const lengths = new Set(tiers.flatMap(({ long, short }) => [long.ms, short.ms]))
  const need = {
    series: seriesOf(indicator, budgeting, noTraffic, bucketMs),
    windows: [...[...lengths].map((ms) => rollingWindow(ms, bucketMs)), periodWindow(period, bucketMs)],
  }
  cached.set(objective, { bucketMs, need })
  return need
}
