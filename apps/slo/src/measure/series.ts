import { createHash } from 'node:crypto'
import { toNumber } from '../burn/fraction.ts'
import type { Budgeting, NoTraffic } from '../objective/budgeting.ts'
import { type Indicator, indicatorKey } from './indicator.ts'
import type { SliceRule } from './slices.ts'

/** What is measured bucket by bucket: events of an indicator, or slices made of them. */
export interface Series {
  /** The same for the same definition, whoever has it and whenever. */
  readonly id: string
  readonly indicator: Indicator
  /** The same for series that are made of the same events: these are counted once. */
  readonly indicatorKey: string
  /** How buckets become slices; absent when events are counted. */
  readonly slices?: SliceRule
  /** What it counts, as text. */
  readonly definition: string
}

/** The series that an objective with this indicator and budgeting is measured by. */
export function seriesOf(indicator: Indicator, budgeting: Budgeting, noTraffic: NoTraffic, bucketMs: number): Series {
  if (budgeting.method === 'Occurrences') return named({ indicator }, bucketMs)
  return named({ indicator, slices: { budgeting, noTraffic, buckets: Math.round(budgeting.sliceMs / bucketMs) } }, bucketMs)
}

function named(series: Omit<Series, 'id' | 'definition' | 'indicatorKey'>, bucketMs: number): Series {
  const { indicator, slices } = series
  const how = slices && [slices.budgeting.method, slices.buckets, slices.noTraffic, slices.budgeting.method === 'Timeslices' ? toNumber(slices.budgeting.sliceTarget) : null]
  const key = indicatorKey(indicator)
  const definition = JSON.stringify({ bucketMs, slices: how ?? null, indicator: JSON.parse(key) as unknown })
  return { ...series, indicatorKey: key, definition, id: createHash('sha256').update(definition).digest('hex').slice(0, 24) }
}
