import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog'

/** Kinds of result, with the numbers that Grafana's ClickHouse data source gives them. */
const FORMATS = { timeseries: 0, table: 1, logs: 2, traces: 3 } as const

/** What a query's rows are. */
export type QueryType = keyof typeof FORMATS

/** The version of the data source that the queries are written for. */
const PLUGIN_VERSION = '4.20.0'

/** The data source that the reader of a dashboard chose. */
export const dataSource = { type: 'grafana-clickhouse-datasource', uid: '${datasource}' } as const

/** One query of a panel, in the model of Grafana's ClickHouse data source. */
export class ClickHouseQuery implements Builder<Dataquery> {
  readonly #sql: string
  readonly #type: QueryType
  readonly #refId: string

  constructor(sql: string, type: QueryType, refId = 'A') {
    this.#sql = sql.trim()
    this.#type = type
    this.#refId = refId
  }

  build(): Dataquery {
    const query = {
      refId: this.#refId,
      datasource: dataSource,
      editorType: 'sql',
      rawSql: this.#sql,
      queryType: this.#type,
      format: FORMATS[this.#type],
      pluginVersion: PLUGIN_VERSION,
      _implementsDataqueryVariant() {},
    }
    return query
  }
}
