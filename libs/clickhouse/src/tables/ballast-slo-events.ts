import type { TableDefinition } from '../schema/table.ts'

/** State changes of alerts. Kept: they are few, and they are the record of what was told to whom. */
export const ballastSloEvents: TableDefinition = {
  name: 'ballast_slo_events',
  columns: [
    { name: 'EventTime', type: 'DateTime64(3)', codec: 'Delta(8), ZSTD(1)' },
    { name: 'AlertId', type: 'String', codec: 'ZSTD(1)' },
    { name: 'Slo', type: 'LowCardinality(String)', codec: 'ZSTD(1)' },
    { name: 'Severity', type: 'LowCardinality(String)', codec: 'ZSTD(1)' },
    { name: 'Tier', type: 'LowCardinality(String)', codec: 'ZSTD(1)' },
    { name: 'State', type: `Enum8('firing' = 1, 'resolved' = 2)`, codec: 'ZSTD(1)' },
    { name: 'StartedAt', type: 'DateTime64(3)', codec: 'Delta(8), ZSTD(1)' },
    { name: 'Details', type: 'String', codec: 'ZSTD(1)' },
    // What the alert is about; all were about burn rates at first.
    { name: 'Kind', type: 'LowCardinality(String)', default: `'burn'`, codec: 'ZSTD(1)', since: 4 },
    // The fencing token of the replica that wrote the row.
    { name: 'Fence', type: 'UInt64', codec: 'ZSTD(1)', since: 4 },
  ],
  indexes: [],
  engine: 'MergeTree',
  orderBy: '(Slo, EventTime)',
  shardingKey: 'cityHash64(Slo)',
}
