import type { BoardSpec } from '../kit/board.ts'
import { linkTo } from '../kit/links.ts'
import { chart, stat, table } from '../kit/panels.ts'
import { rollUpRows, type RollUpName } from '../kit/sql.ts'
import { tableNames } from '@ballast/clickhouse'

const parts = `system.parts WHERE active AND database = currentDatabase()`
const day = `toDateTime(toStartOfDay(parseDateTimeBestEffortOrZero(partition)))`
/** Days of data that there are of each table, at least one. */
const days = `greatest(1, uniqExact(partition))`
const queries = `system.query_log WHERE $__timeFilter(event_time) AND type = 'QueryFinish' AND is_initial_query`
const rollUps = [newestMinutes('spans', 'red'), newestMinutes('metrics', 'metrics')]

/** What does the data cost, and who queries it? */
export const clickHouseCost: BoardSpec = {
  uid: 'ballast-clickhouse-cost',
  title: 'ClickHouse: cost',
  question: 'What does the data cost, and who queries it?',
  dataPath: `\`system.parts\` and \`system.columns\` as they are now, days by partition. The closed row needs a server that writes \`system.query_log\`: the embedded one does not.`,
  owner: 'libs/clickhouse/README.md',
  runbook: 'clickhouse',
  class: 'capacity',
  variables: [],
  verdict: [
    stat({ title: 'On disk, now', description: 'Compressed bytes of all tables.', unit: 'bytes', width: 6, sql: `SELECT sum(bytes_on_disk) AS value FROM ${parts}` }),
    stat({ title: 'Compression, now', description: 'Uncompressed bytes by compressed bytes. Below 5: unsorted attributes, or ids and texts that do not compress.', unit: 'none', width: 6, limits: { warning: 5, bad: 3, lowIsBad: true }, sql: `SELECT sum(data_uncompressed_bytes) / sum(data_compressed_bytes) AS value FROM ${parts}` }),
    stat({ title: 'In thirty days, from now', description: `Bytes when every table has thirty days of what its mean day has now: the retention of spans, logs and metrics.`, unit: 'bytes', width: 6, links: [linkTo('Disk', 'ballast-clickhouse-health')], sql: `SELECT sum(bytes) AS value FROM (SELECT sum(bytes_on_disk) / ${days} * 30 AS bytes FROM ${parts} GROUP BY table)` }),
    stat({ title: 'Roll-ups behind', description: 'Time since the newest minute of the roll-ups that dashboards read. Above a few minutes: nothing is sent, or a view is gone.', unit: 's', width: 6, limits: { warning: 180, bad: 600 }, sql: `SELECT greatest(0, toUnixTimestamp($__toTime) - toUnixTimestamp(max(Time))) AS value FROM ${rollUpRows('red', 'Time', '1')}` }),
  ],
  lines: [
    [
      chart({ title: 'Bytes by day', description: 'Compressed bytes of each day of data, by table.', unit: 'bytes', width: 12, sql: perDay('bytes_on_disk') }),
      chart({ title: 'Rows by day', description: 'Rows of each day of data, by table.', unit: 'short', width: 12, sql: perDay('rows') }),
    ],
    [
      table({ title: 'Tables, now', description: 'What each table takes, a row and in all, how well it compresses, and how far back it goes.', width: 12, units: { rows: 'short', bytes: 'bytes', row: 'bytes', ratio: 'none', thirty: 'bytes' }, sql: `SELECT p.table AS table, sum(p.rows) AS rows, sum(p.bytes_on_disk) AS bytes, sum(p.bytes_on_disk) / greatest(1, sum(p.rows)) AS row, sum(p.data_uncompressed_bytes) / greatest(1, sum(p.data_compressed_bytes)) AS ratio, min(p.partition) AS oldest, max(p.delete_ttl_info_max) AS dropped, sum(p.bytes_on_disk) / ${days} * 30 AS thirty FROM system.parts AS p WHERE p.active AND p.database = currentDatabase() GROUP BY p.table ORDER BY bytes DESC LIMIT 100` }),
      table({ title: 'Dearest columns, now', description: 'Columns that take most. A map of attributes on top: see which keys, and whether they are worth it.', width: 12, units: { bytes: 'bytes', ratio: 'none', share: 'percentunit' }, bars: ['share'], sql: `SELECT table, name AS column, data_compressed_bytes AS bytes, data_uncompressed_bytes / greatest(1, data_compressed_bytes) AS ratio, data_compressed_bytes / sum(data_compressed_bytes) OVER () AS share FROM system.columns WHERE database = currentDatabase() AND data_compressed_bytes > 0 ORDER BY bytes DESC LIMIT 50` }),
    ],
    [
      table({ title: 'Attribute keys', description: 'Keys of attributes with their number of values, from one record in sixteen. A key with very many values on every row is dear.', width: 12, units: { values: 'short', rows: 'short' }, sql: `SELECT Source AS source, Key AS key, uniq(Value) AS values, sum(Rows) AS rows, any(Value) AS example FROM ${tableNames.attributeValues} WHERE Day >= toDate($__fromTime) AND Day <= toDate($__toTime) GROUP BY source, key ORDER BY rows DESC, key LIMIT 100` }),
      table({ title: 'Roll-ups, newest', description: 'Newest minute of each roll-up in the range.', width: 12, units: { behind: 's' }, columnLimits: { behind: { warning: 180, bad: 600 } }, sql: `SELECT kind, max(Time) AS newest, toUnixTimestamp($__toTime) - toUnixTimestamp(newest) AS behind FROM (${rollUps.join(' UNION ALL ')}) GROUP BY kind ORDER BY kind LIMIT 10` }),
    ],
  ],
  details: {
    'Queries, from the log of a server': [
      table({ title: 'Readers', description: 'Who reads most, by user and application.', width: 12, units: { queries: 'short', bytes: 'bytes', cpu: 's' }, sql: `SELECT user, if(http_user_agent = '', client_name, http_user_agent) AS application, count() AS queries, sum(read_bytes) AS bytes, sum(ProfileEvents['OSCPUVirtualTimeMicroseconds']) / 1e6 AS cpu FROM ${queries} GROUP BY user, application ORDER BY cpu DESC LIMIT 50` }),
      table({ title: 'Slowest shapes', description: 'Queries that differ in their values alone, by the time that they took in all.', width: 12, units: { queries: 'short', p95: 's', rows: 'short' }, sql: `SELECT substring(any(query), 1, 200) AS shape, count() AS queries, quantile(0.95)(query_duration_ms) / 1000 AS p95, sum(read_rows) AS rows FROM ${queries} GROUP BY normalized_query_hash ORDER BY sum(query_duration_ms) DESC LIMIT 50` }),
    ],
  },
}

/** Minutes of a roll-up with the newest one among them: those of the newest hour, which the hours tell, so that not all are read. */
function newestMinutes(kind: string, name: RollUpName): string {
  const hour = `(SELECT max(Time) FROM ${tableNames[`${name}Hour`]} WHERE $__timeFilter(Time))`
  return `SELECT '${kind}' AS kind, Time FROM ${tableNames[`${name}Minute`]} WHERE $__timeFilter(Time) AND Time >= ${hour}`
}

/** Sums of the parts of each day, for tables that are cut by day. */
function perDay(column: 'bytes_on_disk' | 'rows'): string {
  const rows = `(SELECT table, ${day} AS time, ${column} AS amount FROM ${parts} AND match(partition, '^\\\\d{4}-\\\\d\\\\d-\\\\d\\\\d$'))`
  return `SELECT time, if(table IN (SELECT table FROM ${rows} GROUP BY table ORDER BY sum(amount) DESC, table LIMIT 7), table, 'other') AS series, sum(amount) AS value FROM ${rows} WHERE time >= toStartOfDay($__fromTime) AND time <= $__toTime GROUP BY time, series ORDER BY time, series`
}
