import type { BoardSpec } from '../kit/board.ts'
import { linkTo } from '../kit/links.ts'
import { attribute, counterRows, histogramMean, histogramCounters, ratesBy } from '../kit/metric-sql.ts'
import { chart, stat, table } from '../kit/panels.ts'
import { RANGE, ratio } from '../kit/sql.ts'
import { tableNames } from '@ballast/clickhouse'

const TABLE = attribute('table')
const insertTime = histogramCounters('ballast_ingest_insert_duration_seconds')
const partsOf = `(SELECT table, partition, count() AS parts FROM system.parts WHERE active AND database = currentDatabase() GROUP BY table, partition)`
const partsLimit = `(SELECT toUInt64(value) FROM system.merge_tree_settings WHERE name = 'parts_to_throw_insert')`
const queries = `system.query_log WHERE $__timeFilter(event_time) AND type != 'QueryStart' AND is_initial_query`
const parts = `system.part_log WHERE $__timeFilter(event_time) AND database = currentDatabase()`
const logTime = `toStartOfInterval(event_time, toIntervalSecond(greatest($__interval_s, 60)))`
const logStep = `any(greatest($__interval_s, 60))`

/** Can the store keep up? */
export const clickHouseHealth: BoardSpec = {
  uid: 'ballast-clickhouse-health',
  title: 'ClickHouse: health',
  question: 'Can the store keep up?',
  dataPath: `What ingest sees of its inserts, from \`${tableNames.metricsMinute}\`; the server's state now, from \`system\` tables. The closed row needs a server that writes its log tables: the embedded one does not.`,
  owner: 'libs/clickhouse/README.md',
  runbook: 'clickhouse',
  class: 'operations',
  variables: [],
  verdict: [
    stat({ title: 'Rows inserted', description: 'Rows a second that ingest inserted.', unit: 'ops', width: 4, sql: `SELECT sum(Increase) / ${RANGE} AS value FROM ${counterRows({ metric: 'ballast_ingest_batch_rows.sum' })}` }),
    stat({ title: 'Time of an insert', description: 'Mean time of an insert. Senders wait at least as long for their answer.', unit: 's', width: 4, limits: { warning: 0.5, bad: 2 }, sql: `SELECT ${histogramMean(counterRows({ metric: insertTime }), 'ballast_ingest_insert_duration_seconds').replace(' AS mean', ' AS value')}` }),
    stat({ title: 'Failed inserts', description: 'Share of the inserts that failed. They are repeated; senders wait.', unit: 'percentunit', width: 4, limits: { warning: 0.001, bad: 0.05 }, sql: `SELECT ${ratio(`sumIf(Increase, ${attribute('outcome')} = 'failed')`, 'sum(Increase)')} AS value FROM ${counterRows({ metric: 'ballast_ingest_insert_duration_seconds.count' })}` }),
    stat({ title: 'Fullest partition, now', description: 'Parts of the partition that has most, by the number at which inserts are refused (parts_to_throw_insert). Above 0.5: inserts are too many and too small, or merges too slow.', unit: 'percentunit', width: 4, limits: { warning: 0.3, bad: 0.6 }, sql: `SELECT max(parts) / ${partsLimit} AS value FROM ${partsOf}` }),
    stat({ title: 'Disk free, now', description: 'Free share of the fullest disk. See the forecast on the cost dashboard.', unit: 'percentunit', width: 4, limits: { warning: 0.2, bad: 0.1, lowIsBad: true }, links: [linkTo('Cost', 'ballast-clickhouse-cost')], sql: `SELECT min(unreserved_space / total_space) AS value FROM system.disks WHERE total_space > 0` }),
    stat({ title: 'Memory, now', description: 'Memory that queries, merges and caches have taken.', unit: 'bytes', width: 4, sql: `SELECT value FROM system.metrics WHERE metric = 'MemoryTracking'` }),
  ],
  lines: [
    [
      chart({ title: 'Rows inserted', description: 'Rows a second by table, as ingest inserted them.', unit: 'ops', width: 8, sql: ratesBy(TABLE, { metric: 'ballast_ingest_batch_rows.sum' }) }),
      chart({ title: 'Inserts', description: 'Inserts a second by table. ClickHouse likes few and large ones: at most a handful a second and table.', unit: 'ops', width: 8, sql: ratesBy(TABLE, { metric: 'ballast_ingest_insert_duration_seconds.count' }) }),
      chart({ title: 'Inserts by outcome', description: 'Inserts a second that were stored and that failed.', unit: 'ops', width: 8, sql: ratesBy(attribute('outcome'), { metric: 'ballast_ingest_insert_duration_seconds.count' }) }),
    ],
    [
      table({ title: 'Parts, now', description: 'Tables with their active parts and the fullest partition. Parts that grow while rows do not: merges do not keep up.', width: 12, units: { parts: 'short', fullest: 'short', rows: 'short', bytes: 'bytes' }, columnLimits: { fullest: { warning: 300, bad: 1_000 } }, sql: `SELECT table, sum(p) AS parts, max(p) AS fullest, sum(r) AS rows, sum(b) AS bytes FROM (SELECT table, partition, count() AS p, sum(rows) AS r, sum(bytes_on_disk) AS b FROM system.parts WHERE active AND database = currentDatabase() GROUP BY table, partition) GROUP BY table ORDER BY fullest DESC, table LIMIT 100` }),
      table({ title: 'Pressure since the start, now', description: 'Inserts that were slowed or refused because of too many parts, and what merges and mutations do. Any refused insert is an outage of ingest.', width: 12, units: { value: 'short' }, sql: `SELECT name, sum(value) AS value FROM (SELECT event AS name, toInt64(value) AS value FROM system.events WHERE event IN ('DelayedInserts', 'RejectedInserts', 'InsertedRows', 'MergedRows', 'FailedQuery', 'FailedInsertQuery') UNION ALL SELECT metric AS name, value FROM system.metrics WHERE metric IN ('Merge', 'PartMutation', 'Query', 'DelayedInserts') UNION ALL SELECT arrayJoin(['DelayedInserts', 'RejectedInserts', 'FailedInsertQuery']) AS name, toInt64(0) AS value) GROUP BY name ORDER BY name LIMIT 20` }),
    ],
    [
      table({ title: 'Errors by code', description: 'Errors of the server that happened in the range, by code, with the last message.', width: 12, units: { times: 'short' }, sql: `SELECT name, code, sum(value) AS times, max(last_error_time) AS newest, any(substring(last_error_message, 1, 200)) AS message FROM system.errors WHERE $__timeFilter(last_error_time) GROUP BY name, code ORDER BY newest DESC LIMIT 50` }),
      table({ title: 'Replication, now', description: 'Replicas that are behind: entries that wait, and seconds behind the others. Empty on one server.', width: 12, units: { queue: 'short', delay: 's' }, columnLimits: { delay: { warning: 60, bad: 300 } }, sql: `SELECT table, replica_name AS replica, queue_size AS queue, absolute_delay AS delay, toBool(is_readonly) AS readonly FROM system.replicas ORDER BY delay DESC LIMIT 100` }),
    ],
  ],
  details: {
    'Queries, parts and machine, from the log tables of a server': [
      chart({ title: 'Queries', description: 'Queries a second by kind. A jump without more readers: a dashboard or an alert that asks too often.', unit: 'reqps', width: 12, sql: `SELECT ${logTime} AS time, if(query_kind IN ('Select', 'Insert', 'Create', 'Alter', 'Drop', 'System'), toString(query_kind), 'other') AS kind, count() / ${logStep} AS queries FROM ${queries} GROUP BY time, kind ORDER BY time, kind` }),
      chart({ title: 'Time of a query', description: 'p50 and p95 of the time of SELECTs.', unit: 's', width: 12, sql: `SELECT ${logTime} AS time, quantile(0.5)(query_duration_ms) / 1000 AS p50, quantile(0.95)(query_duration_ms) / 1000 AS p95 FROM ${queries} AND query_kind = 'Select' GROUP BY time ORDER BY time` }),
      chart({ title: 'Parts', description: 'Parts a second that inserts made, and that merges took away. When merges take fewer than inserts make for minutes, partitions fill up.', unit: 'ops', width: 12, sql: `SELECT ${logTime} AS time, countIf(event_type = 'NewPart') / ${logStep} AS inserted, sumIf(length(merged_from), event_type = 'MergeParts') / ${logStep} AS merged FROM ${parts} GROUP BY time ORDER BY time` }),
      chart({ title: 'Time of a merge', description: 'p50 and p95 of the time that a merge took. Long ones hold a thread: inserts wait when all are held.', unit: 's', width: 12, sql: `SELECT ${logTime} AS time, quantile(0.5)(duration_ms) / 1000 AS p50, quantile(0.95)(duration_ms) / 1000 AS p95 FROM ${parts} AND event_type = 'MergeParts' GROUP BY time ORDER BY time` }),
      chart({ title: 'Memory', description: 'Resident memory of the server and what the machine has left.', unit: 'bytes', width: 12, sql: `SELECT ${logTime} AS time, avgIf(value, metric = 'MemoryResident') AS resident, avgIf(value, metric = 'OSMemoryAvailable') AS available FROM system.asynchronous_metric_log WHERE $__timeFilter(event_time) AND metric IN ('MemoryResident', 'OSMemoryAvailable') GROUP BY time ORDER BY time` }),
      chart({ title: 'CPU', description: 'Processors in use, in user code and in the system, and threads that wait for one.', unit: 'none', width: 12, sql: `SELECT ${logTime} AS time, avgIf(value, metric = 'OSUserTime') AS user, avgIf(value, metric = 'OSSystemTime') AS system, avgIf(value, metric = 'LoadAverage1') AS load FROM system.asynchronous_metric_log WHERE $__timeFilter(event_time) AND metric IN ('OSUserTime', 'OSSystemTime', 'LoadAverage1') GROUP BY time ORDER BY time` }),
    ],
  },
}
