import { DatasourceVariableBuilder, QueryVariableBuilder, VariableRefresh, VariableSort } from '@grafana/grafana-foundation-sdk/dashboard'
import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import type { VariableModel } from '@grafana/grafana-foundation-sdk/dashboard'
import { dataSource } from './click-house-query.ts'
import { rollUpRows } from './sql.ts'

/** A variable filled by a query. */
export interface Variable {
  readonly name: string
  readonly label: string
  readonly sql: string
  /** Whether several values and All can be chosen. */
  readonly multi: boolean
}

/** Every variable that a dashboard may have, in the order in which they are shown. */
export const variables = {
  service: {
    name: 'service',
    label: 'Service',
    sql: `SELECT DISTINCT ServiceName FROM ${rollUpRows('red', 'ServiceName', '1')} ORDER BY ServiceName LIMIT 1000`,
    multi: true,
  },
  environment: {
    name: 'environment',
    label: 'Environment',
    sql: `SELECT DISTINCT if(Environment = '', '(none)', Environment) AS environment FROM ${rollUpRows('red', 'Environment', '1')} ORDER BY environment LIMIT 100`,
    multi: true,
  },
  slo: { name: 'slo', label: 'Objective', sql: metricLabels('objective', 'ballast_slo_total_events'), multi: false },
  cache: { name: 'cache', label: 'Cache', sql: metricLabels('cache.name', 'cache.gets'), multi: true },
  signal: { name: 'signal', label: 'Signal', sql: metricLabels('signal', 'ballast_ingest_records_received'), multi: true },
  process: {
    name: 'process',
    label: 'Process',
    sql: `SELECT DISTINCT ServiceName FROM ${rollUpRows('metrics', 'ServiceName', `MetricName = 'nodejs.eventloop.utilization'`)} ORDER BY ServiceName LIMIT 1000`,
    multi: true,
  },
} as const satisfies Readonly<Record<string, Variable>>

/** Name of a variable. */
export type VariableName = keyof typeof variables

function metricLabels(label: string, metric: string): string {
  return `SELECT DISTINCT Attributes['${label}'] AS value FROM ${rollUpRows('metrics', 'Attributes', `MetricName = '${metric}'`)} ORDER BY value LIMIT 1000`
}

/** The data source comes first on every dashboard, then the chosen ones. */
export function variableBuilders(names: readonly VariableName[]): Builder<VariableModel>[] {
  const chosen = Object.values(variables).filter(({ name }) => names.includes(name))
  return [
    new DatasourceVariableBuilder('datasource').label('Data source').type(dataSource.type),
    ...chosen.map(({ name, label, sql, multi }) => {
      const builder = new QueryVariableBuilder(name)
        .label(label)
        .datasource(dataSource)
        .query({ editorType: 'sql', rawSql: sql, queryType: 'table', format: 1, refId: name })
        .definition(sql)
        .refresh(VariableRefresh.OnTimeRangeChanged)
        .sort(VariableSort.AlphabeticalAsc)
        .multi(multi)
        .includeAll(multi)
      return multi ? builder.current({ selected: true, text: ['All'], value: ['$__all'] }) : builder
    }),
  ]
}
