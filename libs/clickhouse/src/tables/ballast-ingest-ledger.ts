import type { TableDefinition } from '../schema/table.ts'
import { tenantId } from './attribute-map.ts'

const count = (name: string): { name: string; type: string; codec: string } => ({ name, type: 'UInt64', codec: 'T64, ZSTD(1)' })

/**
 * What became of every record, and how much each tenant sent: one row for each instance of ingest, tenant, signal and minute in
 * which something happened. Counts are of that minute; `InJournal` and `Difference` are as they were at its end.
 */
export const ballastIngestLedger: TableDefinition = {
  name: 'ballast_ingest_ledger',
  columns: [
    { name: 'Time', type: 'DateTime', codec: 'Delta(4), ZSTD(1)' },
    tenantId,
    { name: 'Signal', type: 'LowCardinality(String)', codec: 'ZSTD(1)' },
    { name: 'Instance', type: 'LowCardinality(String)', codec: 'ZSTD(1)' },
    ...['Requests', 'Bytes', 'Received', 'Replayed', 'Stored', 'Sampled', 'Rejected', 'Refused', 'Deduplicated', 'InJournal'].map(count),
    { name: 'Difference', type: 'Int64', codec: 'ZSTD(1)' },
    { name: 'Reasons', type: 'Map(LowCardinality(String), UInt64)', codec: 'ZSTD(1)' },
  ],
  indexes: [],
  engine: 'MergeTree',
  partitionBy: 'toYYYYMM(Time)',
  orderBy: '(TenantId, Signal, Time)',
  ttl: 'Time + toIntervalDay(400)',
  shardingKey: 'cityHash64(TenantId)',
  since: 5,
}
