import type { MaterializedViewDefinition, TableDefinition } from '../schema/table.ts'
import { tenantId } from './attribute-map.ts'
import { otelTraces } from './otel-traces.ts'
import { label } from './roll-up.ts'

/** One trace in so many is in {@link ballastServiceCalls}; chosen by its id, so that both halves of a call are there or neither. */
export const SERVICE_CALLS_TRACES = 4

/**
 * Halves of calls between services. The caller's half is its client or producer span, the callee's the server or consumer span below it; both
 * carry the same `CallId`, made of the trace and the client span's id. A reader groups by it. So a call is found in whatever order, in whatever
 * inserts its spans come, which a join at insert could not do. Kept for two days; `Weight` makes up for the traces that were left out.
 */
export const ballastServiceCalls: TableDefinition = {
  name: 'ballast_service_calls',
  columns: [
    { name: 'Time', type: 'DateTime', codec: 'Delta(4), ZSTD(1)' },
    { name: 'CallId', type: 'UInt64', codec: 'ZSTD(1)' },
    { name: 'Side', type: `Enum8('caller' = 1, 'callee' = 2)`, codec: 'ZSTD(1)' },
    label('ServiceName'),
    { name: 'Failed', type: 'Bool', codec: 'ZSTD(1)' },
    { name: 'Duration', type: 'UInt64', codec: 'T64, ZSTD(1)' },
    { name: 'Weight', type: 'UInt64', codec: 'T64, ZSTD(1)' },
    tenantId,
  ],
  indexes: [],
  engine: 'MergeTree',
  partitionBy: 'toDate(Time)',
  orderBy: '(TenantId, Time, CallId)',
  ttl: 'Time + toIntervalDay(2)',
  shardingKey: 'CallId',
  since: 2,
}

/** Fills {@link ballastServiceCalls} from every block of spans. */
export const ballastServiceCallsView: MaterializedViewDefinition = {
  name: 'ballast_service_calls_mv',
  source: otelTraces,
  target: ballastServiceCalls,
  select: [
    `SELECT toDateTime(Timestamp) AS Time, if(SpanKind IN ('Client', 'Producer'), cityHash64(TraceId, SpanId), cityHash64(TraceId, ParentSpanId)) AS CallId,`,
    `if(SpanKind IN ('Client', 'Producer'), 'caller', 'callee') AS Side, ServiceName, StatusCode = 'Error' AS Failed, Duration,`,
    `SampleRate * ${SERVICE_CALLS_TRACES} AS Weight, TenantId`,
    'FROM {source}',
    `WHERE cityHash64(TraceId) % ${SERVICE_CALLS_TRACES} = 0 AND (SpanKind IN ('Client', 'Producer') OR (SpanKind IN ('Server', 'Consumer') AND ParentSpanId != ''))`,
  ].join('\n'),
  since: 2,
}
