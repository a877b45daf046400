import type { BoardSpec } from '../kit/board.ts'
import { linkTo } from '../kit/links.ts'
import { attribute, counterRows, histogramCounters, histogramMean } from '../kit/metric-sql.ts'
import { chart, stat, table, timeline } from '../kit/panels.ts'
import { objectiveRows } from '../kit/slo-sql.ts'
import { BUCKET, chosen, ratio, rollUpRows, STEP, topOrOther } from '../kit/sql.ts'
import { tableNames } from '@ballast/clickhouse'

const objectives = objectiveRows()
const served = rollUpRows('red', 'Time, ServiceName, Spans, Errors', `SpanKind IN ('Server', 'Consumer') AND ${chosen(`if(Environment = '', '(none)', Environment)`, 'environment')}`)
const service = topOrOther('ServiceName', 'Spans', served)
const records = { metric: ['ballast_ingest_records_received', 'ballast_ingest_records_stored'] }
const inserts = counterRows({ metric: histogramCounters('ballast_ingest_insert_duration_seconds') })

/** Is anything wrong now, and where do I look? */
export const platformHome: BoardSpec = {
  uid: 'ballast-platform-home',
  title: 'Ballast',
  question: 'Is anything wrong now, and where do I look?',
  dataPath: 'Each figure leads to the dashboard that explains it: objectives, services, cache, ingest, ClickHouse, processes.',
  owner: 'dashboards/README.md',
  runbook: 'README',
  class: 'operations',
  variables: ['environment'],
  verdict: [
    stat({ title: 'Services without budget', description: 'Services with an objective whose error budget is used up.', unit: 'short', width: 4, limits: { bad: 1 }, links: [linkTo('Objectives', 'ballast-slo-overview')], sql: `SELECT uniqExactIf(service, budget <= 0) AS value FROM ${objectives}` }),
    stat({ title: 'Pages', description: 'Objectives that burn fast enough to call somebody.', unit: 'short', width: 4, limits: { bad: 1 }, links: [linkTo('Objectives', 'ballast-slo-overview')], sql: `SELECT countIf(paging > 0) AS value FROM ${objectives}` }),
    stat({ title: 'Errors', description: 'Share of requests of all services that failed.', unit: 'percentunit', width: 4, limits: { warning: 0.005, bad: 0.01 }, links: [linkTo('Services', 'ballast-service-red')], sql: `SELECT ${ratio('sum(Errors)', 'sum(Spans)')} AS value FROM ${served}` }),
    stat({ title: 'Ingest stores', description: 'Share of the received records that were stored. Less than all: look for what was rejected or refused.', unit: 'percentunit', width: 4, limits: { warning: 0.999, bad: 0.99, lowIsBad: true }, links: [linkTo('Ingest', 'ballast-ingest-pipeline')], sql: `SELECT ${ratio(`sumIf(Increase, MetricName = 'ballast_ingest_records_stored')`, `sumIf(Increase, MetricName = 'ballast_ingest_records_received')`)} AS value FROM ${counterRows(records)}` }),
    stat({ title: 'Cache hits', description: 'Share of cached reads answered without a load.', unit: 'percentunit', width: 4, limits: { warning: 0.8, bad: 0.5, lowIsBad: true }, links: [linkTo('Cache', 'ballast-cache-effectiveness')], sql: `SELECT ${ratio(`sumIf(Increase, ${attribute('cache.tier')} IN ('local', 'redis'))`, 'sum(Increase)')} AS value FROM ${counterRows({ metric: 'cache.gets' })}` }),
    stat({ title: 'Time of an insert', description: 'Mean time of an insert into ClickHouse.', unit: 's', width: 4, limits: { warning: 0.5, bad: 2 }, links: [linkTo('ClickHouse', 'ballast-clickhouse-health')], sql: `SELECT ${histogramMean(inserts, 'ballast_ingest_insert_duration_seconds').replace(' AS mean', ' AS value')}` }),
  ],
  lines: [
    [
      timeline({ title: 'Alerts by service', description: 'Red while an alert of one of the service\'s objectives is not over.', unit: 'none', width: 24, limits: { bad: 1 }, links: [linkTo('Objectives', 'ballast-slo-overview')], sql: `SELECT ${BUCKET} AS time, ${attribute('service')} AS service, max(Highest) AS value FROM ${rollUpRows('metrics', 'Time, Attributes, Highest', `MetricName = 'ballast_slo_alert_firing'`)} GROUP BY time, service ORDER BY time, service LIMIT 20000` }),
    ],
    [
      chart({ title: 'Request rate', description: 'Requests a second of the busiest services.', unit: 'reqps', width: 12, links: [linkTo('The service', 'ballast-service-red', { service: '${__field.labels.service}' })], sql: `SELECT ${BUCKET} AS time, ${service} AS service, sum(Spans) / any(${STEP}) AS requests FROM ${served} GROUP BY time, service ORDER BY time, service` }),
      chart({ title: 'Error share', description: 'Share of failed requests of the busiest services.', unit: 'percentunit', width: 12, limits: { bad: 0.01 }, links: [linkTo('The service', 'ballast-service-red', { service: '${__field.labels.service}' })], sql: `SELECT ${BUCKET} AS time, ${service} AS service, ${ratio('sum(Errors)', 'sum(Spans)')} AS errors FROM ${served} GROUP BY time, service ORDER BY time, service` }),
    ],
    [
      table({
        title: 'Objectives, least budget first', description: 'The objectives with the least budget.', width: 12, units: { budget: 'percentunit', burn_1h: 'none' }, bars: ['budget'], columnLimits: { budget: { warning: 0.25, bad: 0, lowIsBad: true } },
        links: [linkTo('Why', 'ballast-slo-detail', { slo: '${__data.fields.objective}' })],
        sql: `SELECT objective, service, budget, burn_1h FROM ${objectives} ORDER BY budget LIMIT 20`,
      }),
      table({
        title: 'Alerts and versions', description: 'Alerts that began or ended, and versions first seen in the range, newest first.', width: 12, units: { events: 'short' },
        sql: `SELECT at, what, who, sum(n) AS events FROM (SELECT toDateTime(EventTime) AS at, concat(Severity, ' ', toString(State)) AS what, toString(Slo) AS who, toUInt64(1) AS n FROM ${tableNames.sloEvents} WHERE $__timeFilter(EventTime) UNION ALL SELECT min(Time) AS at, concat('version ', if(Version = '', '(none)', Version)) AS what, toString(ServiceName) AS who, sum(Spans) AS n FROM ${rollUpRows('red', 'Time, ServiceName, Version, Spans', '1')} GROUP BY ServiceName, Version) GROUP BY at, what, who ORDER BY at DESC LIMIT 50`,
      }),
    ],
  ],
  details: {},
}
