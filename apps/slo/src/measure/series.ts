import { createHash } from 'node:crypto'
import { toNumber } from '../burn/fraction.ts'
import type { Budgeting, NoTraffic } from '../objective/budgeting.ts'
import { type Indicator, indicatorKey } from './indicator.ts'
import type { SliceRule } from './slices.ts'

/** What is measured bucket by bucket: events of an indicator, or slices made of them. */
export interface Series {
  /** The same for the same definition, whoever has it and whenever. */
  readonly id: string
  /** What it is counted from: one indicator, several where slices unite them. Those with the same key are counted once. */
  readonly parts: readonly { readonly indicator: Indicator; readonly key: string }[]
  /** How buckets become slices; absent when events are counted. */
  readonly slices?: SliceRule
  /** What it counts, as text. */
  readonly definition: string
}

/** The series that an objective with this indicator and budgeting is measured by. */
export function seriesOf(indicator: Indicator, budgeting: Budgeting, noTraffic: NoTraffic, bucketMs: number): Series {
  if (budgeting.method === 'Occurrences') return named(indicator, undefined, bucketMs)
  return named(indicator, { budgeting, noTraffic, buckets: Math.round(budgeting.sliceMs / bucketMs) }, bucketMs)
}

function named(indicator: Indicator, slices: SliceRule | undefined, bucketMs: number): Series {
  const { budgeting } = slices ?? {}
  const others = budgeting?.method === 'Timeslices' ? (budgeting.others ?? []) : []
  const [first, ...rest] = [indicator, ...others.map((other) => other.indicator)].map((each) => ({ indicator: each, key: indicatorKey(each) }))
  const how = slices && [slices.budgeting.method, slices.buckets, slices.noTraffic, budgeting?.method === 'Timeslices' ? toNumber(budgeting.sliceTarget) : null]
  const united = rest.length === 0 ? {} : { others: rest.map(({ key }, index) => [JSON.parse(key) as unknown, toNumber(others[index]!.sliceTarget)]) }
  const definition = JSON.stringify({ bucketMs, slices: how ?? null, indicator: JSON.parse(first!.key) as unknown, ...united })
  return { parts: [first!, ...rest], ...(slices === undefined ? {} : { slices }), definition, id: createHash('sha256').update(definition).digest('hex').slice(0, 24) }
}
