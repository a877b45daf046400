import type { BoardSpec } from '../kit/board.ts'
import { linkTo } from '../kit/links.ts'
import { chart, heatmap, logs, stat, table } from '../kit/panels.ts'
import { BUCKET, chosen, durationQuantile, durationsBelow, PREVIOUS_RANGE, RANGE, ratio, recent, rollUpRows, STEP } from '../kit/sql.ts'
import { DURATION_BUCKETS_PER_DOUBLING, tableNames } from '@ballast/clickhouse'

/** Requests up to this long satisfy, up to four times as long are tolerated: Apdex. Seconds. */
const APDEX_S = 0.25
const SCOPE = `${chosen('ServiceName', 'service')} AND ${chosen(`if(Environment = '', '(none)', Environment)`, 'environment')}`
const SERVED = `SpanKind IN ('Server', 'Consumer') AND ${SCOPE}`
const COLUMNS = 'Time, SpanName, Peer, Spans, Errors, DurationSum, Durations'
const served = rollUpRows('red', COLUMNS, SERVED)
const before = rollUpRows('red', COLUMNS, SERVED, PREVIOUS_RANGE)
const called = rollUpRows('red', COLUMNS, `SpanKind IN ('Client', 'Producer') AND ${SCOPE}`)
const apdex = `(${durationsBelow(String(APDEX_S))} + ${durationsBelow(String(4 * APDEX_S))}) / 2`
const withPrevious = (value: string): string => `SELECT (SELECT ${value} FROM ${served}) AS value, (SELECT ${value} FROM ${before}) AS previous`

/** How are this service's users doing? */
export const serviceRed: BoardSpec = {
  uid: 'ballast-service-red',
  title: 'Service: rate, errors, duration',
  question: "How are this service's users doing?",
  dataPath: `Spans of kind Server and Consumer, weighted with their sample rate, from \`${tableNames.redMinute}\` and, above a day, \`${tableNames.redHour}\`.`,
  owner: 'dashboards/README.md',
  runbook: 'README',
  class: 'operations',
  variables: ['service', 'environment'],
  verdict: [
    stat({ title: 'Requests', description: 'Requests a second over the range, and over the same time before it. A drop may be a fault further up.', unit: 'reqps', width: 5, sql: withPrevious(`sum(Spans) / ${RANGE}`) }),
    stat({ title: 'Errors', description: 'Share of requests whose span has status Error. Look at the routes and the log lines below.', unit: 'percentunit', width: 5, limits: { warning: 0.005, bad: 0.01 }, sql: withPrevious(ratio('sum(Errors)', 'sum(Spans)')) }),
    stat({ title: 'p50', description: 'Half of the requests are faster than this. Right to 4.5 %.', unit: 's', width: 4, sql: withPrevious(durationQuantile(0.5)) }),
    stat({ title: 'p99', description: 'One request in a hundred is slower than this. Right to 4.5 %.', unit: 's', width: 5, limits: { warning: 0.25, bad: 1 }, sql: withPrevious(durationQuantile(0.99)) }),
    stat({ title: `Apdex, ${APDEX_S * 1000} ms`, description: `Requests below ${APDEX_S * 1000} ms count in full, below ${APDEX_S * 4000} ms by half. 1 is best; below 0.85 users notice.`, unit: 'none', width: 5, limits: { warning: 0.94, bad: 0.85, lowIsBad: true }, sql: withPrevious(ratio(apdex, 'sum(Spans)')) }),
  ],
  lines: [
    [
      chart({ title: 'Request rate', description: 'Requests a second. Compare with deployments, which are marked.', unit: 'reqps', width: 8, sql: `SELECT ${BUCKET} AS time, sum(Spans) / any(${STEP}) AS requests FROM ${served} GROUP BY time ORDER BY time` }),
      chart({ title: 'Error share', description: 'Share of requests with status Error.', unit: 'percentunit', width: 8, limits: { bad: 0.01 }, sql: `SELECT ${BUCKET} AS time, ${ratio('sum(Errors)', 'sum(Spans)')} AS errors FROM ${served} GROUP BY time ORDER BY time` }),
      chart({ title: 'Duration', description: 'Quantiles of the time to answer, from summed buckets, never means of quantiles.', unit: 's', width: 8, dashed: ['p99'], sql: `SELECT ${BUCKET} AS time, ${[0.5, 0.9, 0.99].map((level) => `${durationQuantile(level)} AS p${level * 100}`).join(', ')} FROM ${served} GROUP BY time ORDER BY time` }),
    ],
    [
      heatmap({
        title: 'Durations', description: 'How many requests took how long. Two bands are two kinds of request, often a cache hit and a miss.', unit: 's', width: 12,
        sql: `SELECT time, toString(exp2(Doubling + 1) / 1e9) AS le, requests FROM (SELECT time, intDiv(bucket, ${DURATION_BUCKETS_PER_DOUBLING}) AS Doubling, sum(n) AS requests FROM (SELECT ${BUCKET} AS time, Durations FROM ${served}) ARRAY JOIN mapKeys(Durations) AS bucket, mapValues(Durations) AS n GROUP BY time, Doubling) ORDER BY time, Doubling`,
      }),
      table({
        title: 'Routes', description: 'The busiest operations. Sort by errors or p99 to find what hurts.', width: 12, units: { rate: 'reqps', errors: 'percentunit', p99: 's' }, columnLimits: { errors: { warning: 0.005, bad: 0.01 } },
        sql: `SELECT SpanName AS operation, sum(Spans) / ${RANGE} AS rate, ${ratio('sum(Errors)', 'sum(Spans)')} AS errors, ${durationQuantile(0.99)} AS p99 FROM ${served} GROUP BY operation ORDER BY rate DESC LIMIT 50`,
      }),
    ],
    [
      table({
        title: 'Calls to others', description: 'What this service calls, by peer, from its own client spans. Slow or failing here and fine there: the way between.', width: 12, units: { rate: 'reqps', errors: 'percentunit', p99: 's' }, columnLimits: { errors: { warning: 0.005, bad: 0.01 } },
        sql: `SELECT if(Peer IN ('', ':'), '(unknown)', Peer) AS peer, sum(Spans) / ${RANGE} AS rate, ${ratio('sum(Errors)', 'sum(Spans)')} AS errors, ${durationQuantile(0.99)} AS p99 FROM ${called} GROUP BY peer ORDER BY rate DESC LIMIT 50`,
      }),
      table({
        title: 'Who calls whom, last 6 h', description: 'Pairs of client and server spans of one trace in four, counted up to all. Of the last six hours of the range.', width: 12, units: { rate: 'reqps', errors: 'percentunit' }, columnLimits: { errors: { warning: 0.005, bad: 0.01 } },
        links: [linkTo('The called service', 'ballast-service-red', { service: '${__data.fields.callee}' })],
        sql: `SELECT caller, callee, sum(weight) / least(${RANGE}, 21600) AS rate, ${ratio('sum(weight * failed)', 'sum(weight)')} AS errors FROM (SELECT CallId, maxIf(ServiceName, Side = 'caller') AS caller, maxIf(ServiceName, Side = 'callee') AS callee, max(Weight) AS weight, max(Failed) AS failed FROM ${tableNames.serviceCalls} WHERE ${recent('Time')} GROUP BY CallId) WHERE caller != '' AND callee != '' AND (${chosen('caller', 'service')} OR ${chosen('callee', 'service')}) GROUP BY caller, callee ORDER BY rate DESC LIMIT 50`,
      }),
    ],
  ],
  details: {
    'Errors and log lines': [
      table({
        title: 'Errors by kind, last 6 h', description: 'Events of failed work by error type, newest first. A new kind after a deployment is the first suspect.', width: 12, units: { events: 'short' },
        sql: `SELECT ServiceName AS service, LogAttributes['error.type'] AS error, any(LogAttributes['http.route']) AS route, sum(SampleRate) AS events, max(Timestamp) AS newest FROM ${tableNames.logs} WHERE ${recent('Timestamp')} AND SeverityNumber >= 13 AND ${chosen('ServiceName', 'service')} GROUP BY service, error ORDER BY newest DESC LIMIT 50`,
      }),
      logs({
        title: 'Warnings and errors, last 6 h', description: 'The newest log lines and events of severity WARN and above.', width: 12,
        sql: `SELECT Timestamp AS timestamp, if(Body = '', EventName, Body) AS body, SeverityText AS level, LogAttributes AS labels, TraceId AS traceID FROM ${tableNames.logs} WHERE ${recent('Timestamp')} AND SeverityNumber >= 13 AND ${chosen('ServiceName', 'service')} ORDER BY timestamp DESC LIMIT 200`,
      }),
      table({
        title: 'Units of work, last 6 h', description: 'Requests, jobs and runs of a schedule, by the event that each leaves: how many, how many failed, and how long they took. A job that is missing here has not run.', width: 12, units: { events: 'short', failed: 'percentunit', p99: 's' }, columnLimits: { failed: { warning: 0.005, bad: 0.01 } },
        sql: `SELECT ServiceName AS service, EventName AS work, sum(SampleRate) AS events, ${ratio('sumIf(SampleRate, SeverityNumber >= 17)', 'sum(SampleRate)')} AS failed, quantileTDigestWeighted(0.99)(toFloat64OrZero(LogAttributes['work.duration_ms']) / 1000, SampleRate) AS p99, max(Timestamp) AS newest FROM ${tableNames.logs} WHERE ${recent('Timestamp')} AND mapContains(LogAttributes, 'work.duration_ms') AND ${chosen('ServiceName', 'service')} GROUP BY service, work ORDER BY events DESC LIMIT 50`,
      }),
      table({
        title: 'Slowest requests, last 6 h', description: 'The slowest requests with their traces.', width: 12, units: { seconds: 's' },
        sql: `SELECT Timestamp AS at, ServiceName AS service, SpanName AS operation, Duration / 1e9 AS seconds, StatusCode AS status, TraceId AS trace FROM ${tableNames.traces} WHERE ${recent('Timestamp')} AND SpanKind IN ('Server', 'Consumer') AND ${chosen('ServiceName', 'service')} ORDER BY Duration DESC LIMIT 50`,
      }),
    ],
  },
}
