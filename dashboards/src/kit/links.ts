/** Uids of the dashboards, each also the name of its file. */
export type BoardUid =
  | 'ballast-platform-home'
  | 'ballast-service-red'
  | 'ballast-slo-overview'
  | 'ballast-slo-detail'
  | 'ballast-cache-effectiveness'
  | 'ballast-cache-redis'
  | 'ballast-ingest-pipeline'
  | 'ballast-clickhouse-health'
  | 'ballast-clickhouse-cost'
  | 'ballast-node-runtime'

/** A link from a value to where it is explained. */
export interface DataLink {
  readonly title: string
  readonly url: string
}

/**
 * A link to another dashboard that keeps the time, the data source and the variables that it names.
 *
 * @param variables - variable of the target to the field, variable or text that it gets, as in `{ service: '${__data.fields.service}' }`.
 */
export function linkTo(title: string, uid: BoardUid, variables: Readonly<Record<string, string>> = {}): DataLink {
  const values = Object.entries(variables).map(([name, value]) => `&var-${name}=${value}`)
  return { title, url: `/d/${uid}?\${__url_time_range}&\${datasource:queryparam}${values.join('')}` }
}
