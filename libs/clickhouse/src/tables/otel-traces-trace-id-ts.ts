import type { MaterializedViewDefinition, TableDefinition } from '../schema/table.ts'
import { bloomIndex, RETENTION, tenantId } from './attribute-map.ts'
import { otelTraces } from './otel-traces.ts'

/** From trace id to the time range to look in. `End` is floored to a second: readers use `max(End) + 1`. */
export const otelTracesTraceIdTs: TableDefinition = {
  name: 'otel_traces_trace_id_ts',
  columns: [
    { name: 'TraceId', type: 'String', codec: 'ZSTD(1)' },
    { name: 'Start', type: 'SimpleAggregateFunction(min, DateTime)', codec: 'Delta(4), ZSTD(1)' },
    { name: 'End', type: 'SimpleAggregateFunction(max, DateTime)', codec: 'Delta(4), ZSTD(1)' },
    tenantId,
  ],
  indexes: [bloomIndex('idx_trace_id', 'TraceId', 0.01)],
  engine: 'AggregatingMergeTree',
  partitionBy: 'toMonday(Start)',
  orderBy: '(TraceId, TenantId)',
  ttl: `Start + ${RETENTION}`,
  shardingKey: 'cityHash64(TraceId)',
}

/** Fills {@link otelTracesTraceIdTs} from every block of spans. */
export const otelTracesTraceIdTsView: MaterializedViewDefinition = {
  name: 'otel_traces_trace_id_ts_mv',
  source: otelTraces,
  target: otelTracesTraceIdTs,
  select: [
    'SELECT TraceId, TenantId, toDateTime(min(Timestamp)) AS Start, toDateTime(max(Timestamp)) AS End',
    'FROM {source}',
    `WHERE TraceId != ''`,
    'GROUP BY TraceId, TenantId',
  ].join('\n'),
}
