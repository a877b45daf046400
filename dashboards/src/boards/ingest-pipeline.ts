import type { BoardSpec } from '../kit/board.ts'
import { histogramQuantile, histogramQuantiles } from '../kit/histogram-sql.ts'
import { linkTo } from '../kit/links.ts'
import { attribute, counterRows, gaugesBy, gaugeRows, histogramCounters, LATEST, rates, ratesBy } from '../kit/metric-sql.ts'
import { chart, stat, table } from '../kit/panels.ts'
import { chosen, placed, PLACED_SERIES, RANGE, ratio, recent, rollUpRows, STEP } from '../kit/sql.ts'
import { tableNames } from '@ballast/clickhouse'

const INSERT_TIME = 'ballast_ingest_insert_duration_seconds'
const SCOPE = chosen(attribute('signal'), 'signal')
const received = 'ballast_ingest_records_received'
const stored = 'ballast_ingest_records_stored'
const rejected = 'ballast_ingest_records_rejected'
const refused = 'ballast_ingest_records_refused'
const sampled = 'ballast_ingest_records_sampled'
const deduplicated = 'ballast_ingest_records_deduplicated'
const records = { metric: [received, stored, sampled, rejected, refused, deduplicated], where: SCOPE }
const LAG = 'ballast_ingest_lag_seconds'
const requests = { metric: 'ballast_ingest_requests', where: SCOPE }
const CODE = attribute('code')
const insertTime = { metric: histogramCounters(INSERT_TIME) }
const batchRows = { metric: histogramCounters('ballast_ingest_batch_rows') }

const sum = (metric: string): string => `sumIf(Increase, MetricName = '${metric}')`

/** Is telemetry getting in, complete and in time? */
export const ingestPipeline: BoardSpec = {
  uid: 'ballast-ingest-pipeline',
  title: 'Ingest: pipeline',
  question: 'Is telemetry getting in, complete and in time?',
  dataPath: `Metrics of ingest, sent to itself, from \`${tableNames.metricsMinute}\` and \`${tableNames.metricsHour}\`, quantiles from \`${tableNames.metricsHistogram}\`; what it turned away from \`${tableNames.rejects}\`.`,
  owner: 'apps/ingest/README.md',
  runbook: 'ingest',
  class: 'operations',
  variables: ['signal'],
  verdict: [
    stat({ title: 'Stored', description: 'Records a second that ClickHouse has.', unit: 'ops', width: 5, sql: `SELECT ${sum(stored)} / ${RANGE} AS value FROM ${counterRows(records)}` }),
    stat({ title: 'Not stored', description: 'Share of the received records that were rejected for good or refused for now. Senders repeat what was refused.', unit: 'percentunit', width: 5, limits: { warning: 0.001, bad: 0.01 }, sql: `SELECT ${ratio(`${sum(rejected)} + ${sum(refused)}`, sum(received))} AS value FROM ${counterRows(records)}` }),
    stat({ title: 'Refused requests', description: 'Requests answered 429 or 503: a tenant is over its quota, too much waits, or the journal is full.', unit: 'short', width: 4, limits: { warning: 1, bad: 100 }, sql: `SELECT sumIf(Increase, ${CODE} IN ('429', '503')) AS value FROM ${counterRows(requests)}` }),
    stat({ title: 'Waiting', description: 'Bytes in the journal that wait for ClickHouse now. INGEST_JOURNAL_MAX_BYTES is the limit.', unit: 'bytes', width: 5, sql: `SELECT sum(value) AS value FROM (SELECT ${LATEST} AS value FROM ${gaugeRows({ metric: 'ballast_ingest_journal_bytes' })} WHERE Time > $__toTime - INTERVAL 10 MINUTE GROUP BY Instance)` }),
    stat({ title: 'Lag p99, last 6 h', description: 'Of a hundred spans and log records one is older than this, by its own time, when it can be queried.', unit: 's', width: 5, limits: { warning: 5, bad: 10 }, sql: histogramQuantile(LAG, 0.99) }),
  ],
  lines: [
    [
      chart({ title: 'Records', description: 'Records a second: received, stored, left out by sampling, rejected for good, refused for now, and repeats of what is stored (deduplicated). Over minutes received is the sum of the others and what is in the journal.', unit: 'ops', width: 12, dashed: ['received'], sql: rates({ received: `MetricName = '${received}'`, stored: `MetricName = '${stored}'`, rejected: `MetricName = '${rejected}'`, refused: `MetricName = '${refused}'`, sampled: `MetricName = '${sampled}'`, deduplicated: `MetricName = '${deduplicated}'` }, records) }),
      chart({ title: 'Stored by signal', description: 'Records a second that ClickHouse has, by signal.', unit: 'ops', width: 12, sql: ratesBy(attribute('signal'), { metric: stored, where: SCOPE }) }),
    ],
    [
      chart({ title: 'Answers', description: 'Requests a second by status. 429: a tenant is over its quota, or too much is being taken at once; 503: the journal is full or its disk fails; 400: bodies that cannot be read; 401: keys.', unit: 'reqps', width: 8, sql: ratesBy(CODE, requests) }),
      chart({ title: 'Waiting', description: 'Bytes in the journal that wait for ClickHouse. Growth over minutes: ClickHouse is away, or slower than the senders. At INGEST_JOURNAL_MAX_BYTES requests are refused.', unit: 'bytes', width: 8, sql: gaugesBy('Instance', { metric: 'ballast_ingest_journal_bytes' }, 'max(Highest)') }),
      chart({ title: 'Oldest segment', description: 'Age of the oldest segment of the journal that waits for ClickHouse, the longest of each step. A healthy one waits INGEST_BATCH_MAX_AGE and one insert; at INGEST_JOURNAL_MAX_AGE requests are refused.', unit: 's', width: 8, limits: { warning: 1, bad: 2 }, sql: gaugesBy('Instance', { metric: 'ballast_ingest_queue_age_seconds' }, 'max(Highest)') }),
    ],
    [
      chart({ title: 'Rows of an insert', description: 'Mean rows of an insert, by table. Small under load: INGEST_BATCH_MAX_AGE is too short.', unit: 'short', width: 8, sql: meanBy(attribute('table'), batchRows.metric[0]!, batchRows) }),
      chart({ title: 'Time of an insert', description: 'Mean time of an insert, by table.', unit: 's', width: 8, links: [linkTo('ClickHouse', 'ballast-clickhouse-health')], sql: meanBy(attribute('table'), insertTime.metric[0]!, insertTime) }),
      chart({ title: 'Inserts', description: 'Inserts a second by outcome. Failed ones are repeated with the same token until the deadline.', unit: 'ops', width: 8, sql: ratesBy(attribute('outcome'), { metric: 'ballast_ingest_insert_duration_seconds.count' }) }),
    ],
    [
      chart({ title: 'Insert p50 and p99, last 6 h', description: 'Quantiles of the time of an insert, from the buckets of its histogram: even within a bucket. Far apart: some inserts wait for merges or the disk.', unit: 's', width: 12, dashed: ['p99'], limits: { warning: 1, bad: 2 }, links: [linkTo('ClickHouse', 'ballast-clickhouse-health')], sql: histogramQuantiles(INSERT_TIME, [0.5, 0.99]) }),
      table({
        title: 'Top senders', description: 'Services by the spans that they send.', width: 12, units: { spans: 'ops', share: 'percentunit' }, bars: ['share'],
        links: [linkTo('The service', 'ballast-service-red', { service: '${__data.fields.service}' })],
        sql: `SELECT ServiceName AS service, sum(Spans) / ${RANGE} AS spans, sum(Spans) / sum(sum(Spans)) OVER () AS share FROM ${rollUpRows('red', 'ServiceName, Spans', '1')} GROUP BY service ORDER BY spans DESC LIMIT 50`,
      }),
    ],
  ],
  details: {
    'What was turned away': [
      chart({ title: 'Rejected and refused, by reason', description: 'Records a second that were not stored, by reason.', unit: 'ops', width: 12, sql: ratesBy(attribute('reason'), { metric: [rejected, refused], where: SCOPE }) }),
      table({
        title: 'Rejected records, last 6 h', description: 'Records that can never be stored, with the reason and an example of each. Tell the sender.', width: 12, units: { records: 'short' },
        sql: `SELECT TenantId AS tenant, Signal AS signal, Reason AS reason, count() AS records, any(Detail) AS example, max(ReceivedAt) AS newest FROM ${tableNames.rejects} WHERE ${recent('ReceivedAt')} AND ${chosen('Signal', 'signal')} GROUP BY tenant, signal, reason ORDER BY records DESC LIMIT 50`,
      }),
    ],
  },
}

function meanBy(label: string, count: string, source: { readonly metric: readonly string[] }): string {
  const rows = `(SELECT time, ${label} AS label, sumIf(Increase, MetricName != '${count}') AS Total, sumIf(Increase, MetricName = '${count}') AS Amount FROM ${counterRows(source)} GROUP BY time, label)`
  return `SELECT time, ${PLACED_SERIES} AS series, sum(Total) / nullIf(sum(Amount), 0) AS value FROM ${placed(rows, 'Amount')} GROUP BY time, series HAVING sum(Amount) >= 0 AND any(${STEP}) > 0 ORDER BY time, series`
}
