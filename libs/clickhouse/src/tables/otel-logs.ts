import type { Column, TableDefinition } from '../schema/table.ts'
import { attributeItems, attributeMap, itemsIndex, RETENTION, sampleRate, tenantId } from './attribute-map.ts'

/** Resource attributes that get a column of their own, under the names of the OpenTelemetry Collector's exporter. */
const HOT_RESOURCE_ATTRIBUTES = [
  'k8s.cluster.name',
  'k8s.container.name',
  'k8s.deployment.name',
  'k8s.namespace.name',
  'k8s.node.name',
  'k8s.pod.name',
  'k8s.pod.uid',
  'deployment.environment.name',
] as const

const hotColumns: readonly Column[] = HOT_RESOURCE_ATTRIBUTES.map((key) => ({
  name: `__otel_materialized_${key}`,
  type: 'LowCardinality(String)',
  materialized: `ResourceAttributes['${key}']`,
  codec: 'ZSTD(1)',
}))

/** Log records, and events per unit of work: those have `EventName` set. Layout of the Collector's exporter 0.151 or newer. */
export const otelLogs: TableDefinition = {
  name: 'otel_logs',
  columns: [
    { name: 'Timestamp', type: 'DateTime64(9)', codec: 'Delta(8), ZSTD(1)' },
    { name: 'TraceId', type: 'String', codec: 'ZSTD(1)' },
    { name: 'SpanId', type: 'String', codec: 'ZSTD(1)' },
    { name: 'TraceFlags', type: 'UInt8', codec: 'ZSTD(1)' },
    { name: 'SeverityText', type: 'LowCardinality(String)', codec: 'ZSTD(1)' },
    { name: 'SeverityNumber', type: 'UInt8', codec: 'ZSTD(1)' },
    { name: 'ServiceName', type: 'LowCardinality(String)', codec: 'ZSTD(1)' },
    { name: 'Body', type: 'String', codec: 'ZSTD(1)' },
    { name: 'ResourceSchemaUrl', type: 'LowCardinality(String)', codec: 'ZSTD(1)' },
    attributeMap('ResourceAttributes'),
    { name: 'ScopeSchemaUrl', type: 'LowCardinality(String)', codec: 'ZSTD(1)' },
    { name: 'ScopeName', type: 'String', codec: 'ZSTD(1)' },
    { name: 'ScopeVersion', type: 'LowCardinality(String)', codec: 'ZSTD(1)' },
    attributeMap('ScopeAttributes'),
    attributeMap('LogAttributes'),
    { name: 'EventName', type: 'String', codec: 'ZSTD(1)' },
    tenantId,
    sampleRate,
    ...hotColumns,
    attributeItems('ResourceAttributeItems', 'ResourceAttributes'),
    attributeItems('ScopeAttributeItems', 'ScopeAttributes'),
    attributeItems('LogAttributeItems', 'LogAttributes'),
  ],
  indexes: [
    itemsIndex('idx_trace_id', 'TraceId'),
    itemsIndex('idx_res_attr_key', 'mapKeys(ResourceAttributes)'),
    itemsIndex('idx_res_attr_items', 'ResourceAttributeItems'),
    itemsIndex('idx_scope_attr_key', 'mapKeys(ScopeAttributes)'),
    itemsIndex('idx_scope_attr_items', 'ScopeAttributeItems'),
    itemsIndex('idx_log_attr_key', 'mapKeys(LogAttributes)'),
    itemsIndex('idx_log_attr_items', 'LogAttributeItems'),
    { name: 'idx_lower_body', expression: 'lower(Body)', type: `text(tokenizer = 'splitByNonAlpha')` },
  ],
  engine: 'MergeTree',
  partitionBy: 'toDate(Timestamp)',
  orderBy: '(toStartOfFiveMinutes(Timestamp), TenantId, ServiceName, Timestamp)',
  ttl: `toDateTime(Timestamp) + ${RETENTION}`,
  settings: { enable_block_number_column: 1, enable_block_offset_column: 1 },
  // Logs of one trace share its shard; logs without one spread by time.
  shardingKey: `cityHash64(TraceId != '' ? TraceId : toString(Timestamp))`,
}
