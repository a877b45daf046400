import { tableNames } from '@ballast/clickhouse'
import type { Parameters } from '../measure/bound-query.ts'
import type { RowConditions, RowIndicator, RowScope } from '../measure/indicator.ts'

/** A table of which each row is an event, and how it says what indicators ask for. */
export interface RowTable {
  readonly table: string
  /** What is always asked of a row, as SQL. */
  readonly always: string
  readonly operation: string
  /** `undefined` where there is one kind of row. */
  readonly kind: string | undefined
  readonly status: string
  /** Nanoseconds. */
  readonly duration: string
  readonly attributes: string
}

/** The tables of events. */
export const rowTables: Readonly<Record<'spans' | 'work', RowTable>> = {
  spans: { table: tableNames.traces, always: '1', operation: 'SpanName', kind: 'SpanKind', status: 'StatusCode', duration: 'Duration', attributes: 'SpanAttributes' },
  work: {
    table: tableNames.logs,
    always: `EventName != ''`,
    operation: 'EventName',
    kind: undefined,
    status: `LogAttributes['work.outcome']`,
    duration: `toUInt64(greatest(0, toFloat64OrZero(LogAttributes['work.duration_ms'])) * 1e6)`,
    attributes: 'LogAttributes',
  },
}

/** Whether a row is in a scope, as SQL. */
export function scopePredicate(rows: RowTable, { service, operation, kind, tenant, conditions }: RowScope, parameters: Parameters): string {
  const is = (column: string, value: string | undefined): string[] => (value === undefined ? [] : [`${column} = ${parameters.bind('String', value)}`])
  return [
    ...(rows.always === '1' ? [] : [rows.always]),
    ...is('ServiceName', service),
    ...(rows.kind === undefined ? [] : is(rows.kind, kind)),
    ...is(rows.operation, operation),
    ...is('TenantId', tenant),
    ...conditionTerms(rows, conditions, parameters),
  ].join(' AND ')
}

/** Whether a row meets the conditions, as SQL terms that must all hold. */
function conditionTerms(rows: RowTable, { status, statusNot, maxDurationNs, minDurationNs, attributes = {} }: RowConditions, parameters: Parameters): string[] {
  return [
    ...(status === undefined ? [] : [`${rows.status} = ${parameters.bind('String', status)}`]),
    ...(statusNot === undefined ? [] : [`${rows.status} != ${parameters.bind('String', statusNot)}`]),
    ...(maxDurationNs === undefined ? [] : [`${rows.duration} < ${parameters.bind('UInt64', String(maxDurationNs))}`]),
    ...(minDurationNs === undefined ? [] : [`${rows.duration} >= ${parameters.bind('UInt64', String(minDurationNs))}`]),
    ...Object.entries(attributes).map(([key, value]) => `${rows.attributes}[${parameters.bind('String', key)}] = ${parameters.bind('String', value)}`),
  ]
}

/** Whether a row of the total is bad, as SQL. */
export function badPredicate({ template, counts, conditions }: RowIndicator, parameters: Parameters): string {
  const described = conditionTerms(rowTables[template], conditions, parameters).join(' AND ')
  return counts === 'bad' ? `(${described})` : `NOT (${described})`
}
