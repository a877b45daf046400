import { type BoundQuery, Parameters, type Stretch, timePredicate } from '../measure/bound-query.ts'
import type { RowIndicator } from '../measure/indicator.ts'
import { conditionTerms, rowTables, scopePredicate } from './row-table.ts'

/** Trace ids of bad rows, newest first. */
export function exampleTracesQuery(request: Stretch & { readonly indicator: RowIndicator; readonly limit: number }): BoundQuery {
  const parameters = new Parameters()
  const { indicator, limit } = request
  const rows = rowTables[indicator.template]
  const query = [
    `SELECT TraceId AS traceId FROM ${rows.table}`,
    `WHERE ${scopePredicate(rows, indicator.total, parameters)} AND ${badPredicate(indicator, parameters)}`,
    `  AND TraceId != '' AND ${timePredicate(request, parameters)}`,
    `ORDER BY Timestamp DESC LIMIT 1 BY TraceId LIMIT ${parameters.bind('UInt32', limit)}`,
  ].join('\n')
  return { query, parameters: parameters.values }
}

/** Whether a row of the total is bad, as SQL. */
export function badPredicate({ template, counts, conditions }: RowIndicator, parameters: Parameters): string {
  const described = conditionTerms(rowTables[template], conditions, parameters).join(' AND ')
  return counts === 'bad' ? `(${described})` : `NOT (${described})`
}
