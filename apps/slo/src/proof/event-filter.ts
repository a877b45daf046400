import { tableNames } from '@ballast/clickhouse'
import type { Parameters } from '../measure/bound-query.ts'
import type { Indicator } from '../measure/indicator.ts'
import { badPredicate, scopePredicate } from '../measure/spans-query.ts'

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

/** The filter of an indicator; values are bound to `parameters`. */
export function eventFilterOf(indicator: Indicator, parameters: Parameters): EventFilter {
  return { table: tableNames.traces, attributes: 'SpanAttributes', operation: 'SpanName', scope: scopePredicate(indicator.total, parameters), bad: badPredicate(indicator, parameters) }
}

/** The service whose rows an indicator counts. */
export function serviceOf({ total }: Indicator): string {
  return total.service
}
