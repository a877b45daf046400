import type { TableDefinition } from '../schema/table.ts'
import { tenantId } from './attribute-map.ts'

/** Quarantine: records that were not stored, as they came or as redaction leaves them, with the reason. */
export const ballastRejects: TableDefinition = {
  name: 'ballast_rejects',
  columns: [
    { name: 'ReceivedAt', type: 'DateTime64(9)', codec: 'Delta(8), ZSTD(1)' },
    tenantId,
    { name: 'Signal', type: 'LowCardinality(String)', codec: 'ZSTD(1)' },
    { name: 'Reason', type: 'LowCardinality(String)', codec: 'ZSTD(1)' },
    { name: 'Detail', type: 'String', codec: 'ZSTD(1)' },
    { name: 'RequestId', type: 'String', codec: 'ZSTD(1)' },
    { name: 'Encoding', type: 'LowCardinality(String)', codec: 'ZSTD(1)' },
    { name: 'Raw', type: 'String', codec: 'ZSTD(1)' },
  ],
  indexes: [],
  engine: 'MergeTree',
  partitionBy: 'toDate(ReceivedAt)',
  orderBy: '(TenantId, Signal, ReceivedAt)',
  ttl: 'toDateTime(ReceivedAt) + toIntervalDay(7)',
  shardingKey: 'cityHash64(RequestId)',
}
