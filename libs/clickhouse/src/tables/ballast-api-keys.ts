import type { TableDefinition } from '../schema/table.ts'
import { tenantId } from './attribute-map.ts'

/** Keys of those who may send, by their hashes. Each change is a row; of a hash the newest row counts. */
export const ballastApiKeys: TableDefinition = {
  name: 'ballast_api_keys',
  columns: [
    { name: 'Hash', type: 'String', codec: 'ZSTD(1)' },
    tenantId,
    { name: 'Name', type: 'String', codec: 'ZSTD(1)' },
    { name: 'Signals', type: 'Array(LowCardinality(String))', codec: 'ZSTD(1)' },
    { name: 'Origins', type: 'Array(String)', codec: 'ZSTD(1)' },
    { name: 'ExpiresAtMs', type: 'UInt64', codec: 'ZSTD(1)' },
    { name: 'Revoked', type: 'UInt8', codec: 'ZSTD(1)' },
    { name: 'ChangedAt', type: 'DateTime64(6)', default: 'now64(6)', codec: 'Delta(8), ZSTD(1)' },
  ],
  indexes: [],
  engine: 'MergeTree',
  orderBy: '(Hash, ChangedAt)',
  shardingKey: 'cityHash64(Hash)',
  since: 5,
}
