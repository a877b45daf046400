import type { MaterializedViewDefinition, TableDefinition } from '../schema/table.ts'
import { tenantId } from './attribute-map.ts'
import { otelLogs } from './otel-logs.ts'
import { otelTraces } from './otel-traces.ts'
import { label, summed } from './roll-up.ts'

/** Most values of one key that one insert adds. Keys of ids have as many values as rows: they must not make this table as large as its source. */
const VALUES_PER_INSERT = 20
/** One record in so many is looked at: taking every map apart would cost as much as the insert itself. */
const RECORDS = 16
/** Longest value that is kept, bytes. */
const MAX_VALUE_BYTES = 128

/**
 * Which attribute keys there are, and values of each: completion while somebody types. From one record in sixteen, chosen by its ids, so what
 * is rare may be missing; `Rows` says which values are common, no more.
 */
export const ballastAttributeValues: TableDefinition = {
  name: 'ballast_attribute_values',
  columns: [
    tenantId,
    label('Source'),
    label('Key'),
    { name: 'Day', type: 'Date', codec: 'Delta(2), ZSTD(1)' },
    { name: 'Value', type: 'String', codec: 'ZSTD(1)' },
    summed('Rows'),
  ],
  indexes: [],
  engine: 'AggregatingMergeTree',
  partitionBy: 'toMonday(Day)',
  orderBy: '(TenantId, Source, Key, Day, Value)',
  ttl: 'Day + toIntervalDay(30)',
  shardingKey: 'cityHash64(Key)',
  since: 2,
}

/** The keys and values of one insert. Rows with the same map are counted first, so that a resource is taken apart once and not for each row. */
function view(name: string, source: TableDefinition, maps: Readonly<Record<string, string>>): MaterializedViewDefinition {
  const counted = Object.entries(maps).map(
    ([sourceName, map]) => `SELECT TenantId, '${sourceName}' AS Source, toDate(Timestamp) AS Day, ${map} AS Attributes, count() AS Rows FROM {source} WHERE cityHash64(Timestamp, SpanId) % ${RECORDS} = 0 GROUP BY TenantId, Day, Attributes`,
  )
  return {
    name,
    source,
    target: ballastAttributeValues,
    select: [
      `SELECT TenantId, Source, Attribute.1 AS Key, Day, Attribute.2 AS Value, sum(Rows) AS Rows`,
      `FROM (${counted.join(' UNION ALL ')})`,
      'ARRAY JOIN Attributes AS Attribute',
      `WHERE length(Value) <= ${MAX_VALUE_BYTES}`,
      'GROUP BY TenantId, Source, Key, Day, Value',
      'ORDER BY Rows DESC, Value',
      `LIMIT ${VALUES_PER_INSERT} BY TenantId, Source, Key, Day`,
    ].join('\n'),
    since: 2,
  }
}

/** Fill {@link ballastAttributeValues} from every block of spans and of log records. */
export const ballastAttributeValuesViews: readonly MaterializedViewDefinition[] = [
  view('ballast_attribute_values_traces_mv', otelTraces, { resource: 'ResourceAttributes', span: 'SpanAttributes' }),
  view('ballast_attribute_values_logs_mv', otelLogs, { resource: 'ResourceAttributes', log: 'LogAttributes' }),
]
