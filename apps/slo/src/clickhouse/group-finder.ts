import { type ClickHouse, tableNames } from '@ballast/clickhouse'
import { Parameters, type Stretch, timePredicate } from '../measure/bound-query.ts'
import type { GroupBy, RowIndicator } from '../measure/indicator.ts'
import type { GroupSource } from '../objective/grouped-objectives.ts'
import type { GroupPattern } from '../objective/grouping.ts'
import { rowTables, scopePredicate } from '../source/row-table.ts'

/** Longer values are no names of groups. */
const MAX_VALUE_LENGTH = 200
/** Groups that are counted at most; of more, some are not seen, so that a request id as a group costs no memory. */
const MAX_COUNTED = 100_000

/** The series of groups, and when each had its last events. */
const MEASURED = `
WITH groups AS (SELECT DISTINCT Series, Definition FROM ${tableNames.sloSeries} WHERE startsWith(Definition, {before:String}) AND endsWith(Definition, {after:String}))
SELECT any(Definition) AS definition, toUnixTimestamp(max(Time)) AS last
FROM ${tableNames.sloHour} AS hours INNER JOIN groups ON hours.Series = groups.Series
WHERE hours.Total > 0 AND hours.Time >= toDateTime({since:UInt32}) AND hours.Series IN (SELECT Series FROM groups)
GROUP BY hours.Series ORDER BY last DESC, definition`

/** Finds the groups that rows have, in ClickHouse. */
export class GroupFinder implements GroupSource {
  readonly #clickhouse: Pick<ClickHouse, 'query'>
  readonly #timeoutMs: number

  constructor(clickhouse: Pick<ClickHouse, 'query'>, timeoutMs: number) {
    this.#clickhouse = clickhouse
    this.#timeoutMs = timeoutMs
  }

  async find({ template, total }: RowIndicator, by: GroupBy, stretch: Stretch, limit: number): Promise<readonly string[]> {
    const parameters = new Parameters()
    const table = rowTables[template]
    const group = by === 'tenant' ? 'toString(TenantId)' : by === 'operation' ? `toString(${table.operation})` : `${table.attributes}[${parameters.bind('String', by.attribute)}]`
    const rows = await this.#clickhouse.query<{ g: string }>({
      query: [
        `SELECT ${group} AS g FROM ${table.table}`,
        `WHERE ${scopePredicate(table, total, parameters)} AND ${timePredicate(stretch, parameters)} AND g != '' AND length(g) <= ${MAX_VALUE_LENGTH}`,
        `GROUP BY g ORDER BY count() DESC, g LIMIT ${parameters.bind('UInt32', limit)}`,
      ].join('\n'),
      params: parameters.values,
      settings: { readonly: 1, max_rows_to_group_by: MAX_COUNTED, group_by_overflow_mode: 'any', max_execution_time: Math.ceil(this.#timeoutMs / 1000) },
      timeoutMs: this.#timeoutMs,
    })
    return rows.map(({ g }) => g)
  }

  async recall({ before, after }: GroupPattern, sinceMs: number, limit: number): Promise<readonly { readonly value: string; readonly lastMs: number }[]> {
    const rows = await this.#clickhouse.query<{ definition: string; last: number }>({
      query: MEASURED,
      params: { before, after, since: Math.max(0, Math.floor(sinceMs / 1000)) },
      settings: { readonly: 1, max_execution_time: Math.ceil(this.#timeoutMs / 1000) },
      timeoutMs: this.#timeoutMs,
    })
    return rows
      .flatMap(({ definition, last }) => {
        const value = jsonText(definition.slice(before.length, definition.length - after.length))
        return value === undefined ? [] : [{ value, lastMs: last * 1000 }]
      })
      .slice(0, limit)
  }
}

/** A text as JSON has it; what else stands between the two halves of a definition is no value of a group. */
function jsonText(json: string): string | undefined {
  try {
    const value: unknown = JSON.parse(json)
    return typeof value === 'string' ? value : undefined
  } catch {
    return undefined
  }
}
