import type { MapColumn } from '@ballast/clickhouse'
import type { ResourceGroup, ScopeGroup } from '../record-writer.ts'

/** What the metrics of one `ScopeMetrics` have in common. The attributes are rows of columns of their own, for any of the tables to adopt. */
export interface MetricGroup {
  readonly resource: ResourceGroup
  readonly resourceColumn: MapColumn
  readonly scope: ScopeGroup
  readonly scopeColumn: MapColumn
}
