import type { BoardSpec } from '../kit/board.ts'
import { linkTo } from '../kit/links.ts'
import { attribute } from '../kit/metric-sql.ts'
import { chart, stat, table, timeline } from '../kit/panels.ts'
import { objectiveRows, tiers, TIME_LEFT, windows } from '../kit/slo-sql.ts'
import { BUCKET, recent, rollUpRows, STEP } from '../kit/sql.ts'
import { tableNames } from '@ballast/clickhouse'

const CHOSEN = `${attribute('objective')} IN (\${slo:singlequote})`
const objective = objectiveRows(CHOSEN)
const rows = (metric: string): string => rollUpRows('metrics', 'Time, Attributes, Points, Total, Highest, Lowest', `MetricName = '${metric}' AND ${CHOSEN}`)
const factors = [...new Set(tiers.map(({ factor }) => factor))]
const service = `(SELECT any(service) FROM ${objective})`

/** Why is this objective burning, and when does its budget run out? */
export const sloDetail: BoardSpec = {
  uid: 'ballast-slo-detail',
  title: 'Objectives: one of them',
  question: 'Why is this objective burning, and when does its budget run out?',
  dataPath: `Metrics of the SLO engine from \`${tableNames.metricsMinute}\` and \`${tableNames.metricsHour}\`; alerts from \`${tableNames.sloEvents}\`; failed requests of the objective's service from \`${tableNames.redMinute}\` and \`${tableNames.logs}\`.`,
  owner: 'apps/slo/README.md',
  runbook: 'slo',
  class: 'objectives',
  variables: ['slo'],
  verdict: [
    stat({ title: 'Objective', description: 'The share of events that should be good.', unit: 'percentunit', width: 4, sql: `SELECT target AS value FROM ${objective}` }),
    stat({ title: 'Good, whole period', description: 'The share of events of the period that were good.', unit: 'percentunit', width: 5, sql: `SELECT good / total AS value FROM ${objective}` }),
    stat({ title: 'Budget left, whole period', description: 'Share of the allowed bad events that is left. Negative: overspent.', unit: 'percentunit', width: 5, limits: { warning: 0.25, bad: 0, lowIsBad: true }, sql: `SELECT budget AS value FROM ${objective}` }),
    stat({ title: 'Bad events left', description: 'Bad events that the budget still allows, given the events of the period so far.', unit: 'short', width: 5, limits: { bad: 0, lowIsBad: true }, sql: `SELECT budget * (1 - target) * total AS value FROM ${objective}` }),
    stat({ title: 'Time to exhaustion', description: 'If the burn of the last hour goes on. The whole period when nothing burns.', unit: 's', width: 5, limits: { warning: 259_200, bad: 21_600, lowIsBad: true }, sql: `SELECT coalesce(${TIME_LEFT}, period) AS value FROM ${objective}` }),
  ],
  lines: [
    [
      chart({
        title: 'Budget left', description: 'Budget of the rolling period that is left, and where it would be if it were used up evenly over the range shown.', unit: 'percentunit', width: 12, max: 1, dashed: ['even'],
        sql: `SELECT ${BUCKET} AS time, sum(Total) / sum(Points) AS budget, 1 - (toUnixTimestamp(time) - toUnixTimestamp($__fromTime)) / ($__toTime - $__fromTime) AS even FROM ${rows('ballast_slo_budget_remaining_ratio')} GROUP BY time ORDER BY time`,
      }),
      chart({
        title: 'Burn rate by window', description: `How fast the budget burns. Alerts begin at ${factors.join(', ')} times (dashed), over the windows ${tiers.map(({ long, short }) => `${long}/${short}`).join(', ')}.`, unit: 'none', width: 12, dashed: factors.map((factor) => `${factor}x`),
        sql: `SELECT ${BUCKET} AS time, ${windows.filter((window) => ['5m', '1h', '6h', '72h'].includes(window)).map((window) => `avgIf(Highest, ${attribute('window')} = '${window}') AS \`${window}\``).join(', ')}, ${factors.map((factor) => `${factor} AS \`${factor}x\``).join(', ')} FROM ${rows('ballast_slo_burn_rate')} GROUP BY time ORDER BY time`,
      }),
    ],
    [
      chart({
        title: 'Good and bad events of the service', description: "Requests of the objective's service that ended well and that did not, a second. What counts as bad for the objective may be narrower or wider: it is in its file.", unit: 'reqps', width: 12, partsOfWhole: true,
        sql: `SELECT ${BUCKET} AS time, (sum(Spans) - sum(Errors)) / any(${STEP}) AS good, sum(Errors) / any(${STEP}) AS bad FROM ${rollUpRows('red', 'Time, Spans, Errors', `SpanKind = 'Server' AND ServiceName = ${service}`)} GROUP BY time ORDER BY time`,
      }),
      table({
        title: 'Bad requests by route and error, last 6 h', description: "Failed work of the objective's service, from its events: which route, which error, with a trace of each.", width: 12, units: { events: 'short' },
        links: [linkTo('The service', 'ballast-service-red', { service: '${__data.fields.service}' })],
        sql: `SELECT ServiceName AS service, LogAttributes['http.route'] AS route, LogAttributes['error.type'] AS error, sum(SampleRate) AS events, any(TraceId) AS trace FROM ${tableNames.logs} WHERE ${recent('Timestamp')} AND ServiceName = ${service} AND SeverityNumber >= 17 GROUP BY service, route, error ORDER BY events DESC LIMIT 50`,
      }),
    ],
    [
      timeline({ title: 'Alerts of this objective', description: 'Red while an alert of the severity is not over.', unit: 'none', width: 12, limits: { bad: 1 }, sql: `SELECT ${BUCKET} AS time, ${attribute('severity')} AS severity, max(Highest) AS value FROM ${rows('ballast_slo_alert_firing')} GROUP BY time, severity ORDER BY time, severity LIMIT 20000` }),
      table({
        title: 'What was told', description: 'Alerts of this objective that began or ended in the range, with the runbook of its file.', width: 12, units: { minutes: 'm' },
        sql: `SELECT EventTime AS at, Severity AS severity, Tier AS tier, toString(State) AS state, dateDiff('minute', StartedAt, EventTime) AS minutes, JSONExtractString(Details, 'runbookUrl') AS runbook FROM ${tableNames.sloEvents} WHERE $__timeFilter(EventTime) AND Slo IN (\${slo:singlequote}) ORDER BY at DESC LIMIT 100`,
      }),
    ],
  ],
  details: {},
}
