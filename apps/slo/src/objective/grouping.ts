import { type GroupBy, type Indicator, isRowIndicator, type RowIndicator } from '../measure/indicator.ts'
import { seriesOf } from '../measure/series.ts'
import type { Grouping, Objective } from './objective.ts'

/** Stands where a value of a group will; no other part of a definition reads like it. */
const MARKER = '\u0000group'

/** Reads `tenant`, `operation` or `attributes.http.route`; `undefined` for anything else. */
export function parseGroupBy(text: string): GroupBy | undefined {
  if (text === 'tenant' || text === 'operation') return text
  const attribute = /^attributes\.(.{1,200})$/.exec(text)?.[1]
  return attribute === undefined ? undefined : { attribute }
}

/** `tenant`, `operation`, or the name of the attribute. */
export function groupByText(by: GroupBy): string {
  return typeof by === 'string' ? by : by.attribute
}

/** Whether the rows of an indicator can be told apart in this way: it counts rows, and not only those of one group. */
export function canGroup(indicator: Indicator, by: GroupBy): indicator is RowIndicator {
  if (!isRowIndicator(indicator)) return false
  const { total } = indicator
  return (typeof by === 'string' ? total[by] : total.conditions.attributes?.[by.attribute]) === undefined
}

/** How the definitions of the series of groups read: the value, as JSON, between two texts. */
export interface GroupPattern {
  readonly before: string
  readonly after: string
}

/** What the series of an objective's groups have in common: those of any engine before, which no list names. */
export function groupPattern(objective: Objective & { readonly grouping: Grouping; readonly indicator: RowIndicator }, bucketMs: number): GroupPattern {
  const marker = JSON.stringify(MARKER)
  const { indicator, budgeting, noTraffic } = groupObjective(objective, MARKER)
  const { definition } = seriesOf(indicator, budgeting, noTraffic, bucketMs)
  const at = definition.indexOf(marker)
  return { before: definition.slice(0, at), after: definition.slice(at + marker.length) }
}

/** The objective of one group: that of all of them, about these rows alone. */
export function groupObjective({ grouping, ...whole }: Objective & { readonly grouping: Grouping; readonly indicator: RowIndicator }, value: string): Objective {
  const { by } = grouping
  const { total } = whole.indicator
  const scope = typeof by === 'string' ? { ...total, [by]: value } : { ...total, conditions: { ...total.conditions, attributes: { ...total.conditions.attributes, [by.attribute]: value } } }
  return {
    ...whole,
    name: `${whole.name}@${value}`,
    displayName: `${whole.displayName ?? whole.name}, ${groupByText(by)} ${value}`,
    indicator: { ...whole.indicator, total: scope },
    group: { of: whole.name, value },
    // A tenant that sleeps is no fault, unless a policy says so.
    wishes: { noData: false, ...whole.wishes },
  }
}
