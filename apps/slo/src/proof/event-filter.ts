import type { Parameters } from '../measure/bound-query.ts'
import type { Indicator, RowIndicator } from '../measure/indicator.ts'
import { badPredicate, rowTables, scopePredicate } from '../source/row-table.ts'

/** The rows of an indicator, as SQL: by the very predicates that count them. */
export interface EventFilter {
  readonly table: string
  /** Column of the attributes of a row. */
  readonly attributes: string
  /** Column of what a row is called. */
  readonly operation: string
  /** Whether a row is an event of the indicator. */
  readonly scope: string
  /** Whether an event is bad. */
  readonly bad: string
}

/** The filter of an indicator that counts rows; values are bound to `parameters`. */
export function eventFilterOf(indicator: RowIndicator, parameters: Parameters): EventFilter {
  const { table, attributes, operation } = rowTables[indicator.template]
  return { table, attributes, operation, scope: scopePredicate(rowTables[indicator.template], indicator.total, parameters), bad: badPredicate(indicator, parameters) }
}

/** The services whose rows an indicator counts; none where it names none. */
export function servicesOf(indicator: Indicator): readonly string[] {
  switch (indicator.template) {
    case 'spans':
    case 'work':
      return [indicator.total.service]
    case 'completeness':
      return [indicator.expected.service, indicator.arrived.service]
    case 'freshness':
      return [indicator.scope.service]
    case 'histogram':
      return [indicator.service]
    case 'cache':
      return indicator.service === undefined ? [] : [indicator.service]
    case 'sql':
      return []
  }
}
