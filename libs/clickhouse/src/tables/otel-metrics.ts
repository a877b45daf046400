import type { Column, TableDefinition } from '../schema/table.ts'
import { ATTRIBUTE_MAP, attributeMap, bloomIndex, RETENTION, tenantId } from './attribute-map.ts'

const series: readonly Column[] = [
  attributeMap('ResourceAttributes'),
  { name: 'ResourceSchemaUrl', type: 'String', codec: 'ZSTD(1)' },
  { name: 'ScopeName', type: 'String', codec: 'ZSTD(1)' },
  { name: 'ScopeVersion', type: 'String', codec: 'ZSTD(1)' },
  attributeMap('ScopeAttributes'),
  { name: 'ScopeDroppedAttrCount', type: 'UInt32', codec: 'ZSTD(1)' },
  { name: 'ScopeSchemaUrl', type: 'String', codec: 'ZSTD(1)' },
  { name: 'ServiceName', type: 'LowCardinality(String)', codec: 'ZSTD(1)' },
  { name: 'MetricName', type: 'LowCardinality(String)', codec: 'ZSTD(1)' },
  { name: 'MetricDescription', type: 'String', codec: 'ZSTD(1)' },
  { name: 'MetricUnit', type: 'String', codec: 'ZSTD(1)' },
  attributeMap('Attributes'),
  { name: 'StartTimeUnix', type: 'DateTime64(9)', codec: 'Delta(8), ZSTD(1)' },
  { name: 'TimeUnix', type: 'DateTime64(9)', codec: 'Delta(8), ZSTD(1)' },
]

/** Points of sums, histograms and gauges that were kept as examples, with their trace. */
export const exemplars: Column = {
  name: 'Exemplars',
  nested: [
    { name: 'FilteredAttributes', type: ATTRIBUTE_MAP },
    { name: 'TimeUnix', type: 'DateTime64(9)' },
    { name: 'Value', type: 'Float64' },
    { name: 'SpanId', type: 'String' },
    { name: 'TraceId', type: 'String' },
  ],
  codec: 'ZSTD(1)',
}

/** Flags of a data point. */
export const flags: Column = { name: 'Flags', type: 'UInt32', codec: 'ZSTD(1)' }

/** Delta (1) or cumulative (2). */
export const aggregationTemporality: Column = { name: 'AggregationTemporality', type: 'Int32', codec: 'ZSTD(1)' }

/** A column of 64-bit floats. */
export function float64(name: string): Column {
  return { name, type: 'Float64', codec: 'ZSTD(1)' }
}

/** A table of one kind of metric: the columns every kind has, then its own. */
export function metricTable(kind: string, own: readonly Column[]): TableDefinition {
  return {
    name: `otel_metrics_${kind}`,
    columns: [...series, ...own, tenantId],
    indexes: [
      bloomIndex('idx_res_attr_key', 'mapKeys(ResourceAttributes)', 0.01),
      bloomIndex('idx_res_attr_value', 'mapValues(ResourceAttributes)', 0.01),
      bloomIndex('idx_scope_attr_key', 'mapKeys(ScopeAttributes)', 0.01),
      bloomIndex('idx_scope_attr_value', 'mapValues(ScopeAttributes)', 0.01),
      bloomIndex('idx_attr_key', 'mapKeys(Attributes)', 0.01),
      bloomIndex('idx_attr_value', 'mapValues(Attributes)', 0.01),
      { name: 'idx_time', expression: 'TimeUnix', type: 'minmax GRANULARITY 1' },
    ],
    engine: 'MergeTree',
    partitionBy: 'toDate(TimeUnix)',
    orderBy: '(TenantId, ServiceName, MetricName, toStartOfHour(TimeUnix), cityHash64(Attributes), TimeUnix)',
    ttl: `toDateTime(TimeUnix) + ${RETENTION}`,
    // One series stays on one shard.
    shardingKey: 'cityHash64(ServiceName, MetricName, Attributes)',
  }
}
