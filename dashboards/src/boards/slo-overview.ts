import type { BoardSpec } from '../kit/board.ts'
import { linkTo } from '../kit/links.ts'
import { attribute, gaugesBy } from '../kit/metric-sql.ts'
import { chart, stat, table, timeline } from '../kit/panels.ts'
import { objectiveRows, STATE, tiers, TIME_LEFT } from '../kit/slo-sql.ts'
import { BUCKET, rollUpRows } from '../kit/sql.ts'
import { tableNames } from '@ballast/clickhouse'

const objectives = objectiveRows()
const count = (condition: string): string => `SELECT countIf(${condition}) AS value FROM ${objectives}`
const page = Math.min(...tiers.filter(({ severity }) => severity === 'page').map(({ factor }) => factor))
const ticket = Math.min(...tiers.filter(({ severity }) => severity === 'ticket').map(({ factor }) => factor))

/** Which objectives are at risk? */
export const sloOverview: BoardSpec = {
  uid: 'ballast-slo-overview',
  title: 'Objectives: overview',
  question: 'Which objectives are at risk?',
  dataPath: `Metrics of the SLO engine from \`${tableNames.metricsMinute}\` and \`${tableNames.metricsHour}\`, alerts from \`${tableNames.sloEvents}\`.`,
  owner: 'apps/slo/README.md',
  runbook: 'slo',
  class: 'objectives',
  variables: [],
  verdict: [
    stat({ title: 'Objectives', description: 'Objectives that are measured and have events.', unit: 'short', width: 6, sql: 'SELECT count() AS value FROM ' + objectives }),
    stat({ title: 'Healthy', description: 'No alert, and a quarter of the budget or more is left.', unit: 'short', width: 6, sql: count(`${STATE} = 'healthy'`) }),
    stat({ title: 'At risk', description: 'An alert fires, or less than a quarter of the budget is left.', unit: 'short', width: 6, limits: { warning: 1, bad: 3 }, sql: count(`${STATE} IN ('at risk', 'ticket', 'page')`) }),
    stat({ title: 'Exhausted', description: 'No budget is left: only changes that make it more reliable should go out.', unit: 'short', width: 6, limits: { bad: 1 }, sql: count(`${STATE} = 'exhausted'`) }),
  ],
  lines: [
    [
      table({
        title: 'Objectives, least budget first', description: 'The whole period of each objective, and how fast its budget burns now: 1 uses it up exactly within the period. Time left is at the pace of the last hour.', width: 24,
        units: { target: 'percentunit', sli: 'percentunit', budget: 'percentunit', burn_1h: 'none', burn_6h: 'none', left: 's' }, bars: ['budget'],
        columnLimits: { budget: { warning: 0.25, bad: 0, lowIsBad: true }, burn_1h: { warning: ticket, bad: page }, burn_6h: { warning: ticket, bad: page } },
        links: [linkTo('Why', 'ballast-slo-detail', { slo: '${__data.fields.objective}' }), linkTo('The service', 'ballast-service-red', { service: '${__data.fields.service}' })],
        sql: `SELECT objective, service, target, good / total AS sli, budget, burn_1h, burn_6h, ${TIME_LEFT} AS left, ${STATE} AS state FROM ${objectives} ORDER BY budget LIMIT 100`,
      }),
    ],
    [
      chart({ title: 'Budget left, the worst eight', description: 'Share of the error budget of the period that is left. A line that falls steadily reaches zero when the table says.', unit: 'percentunit', width: 12, max: 1, limits: { bad: 0, lowIsBad: true }, sql: worst('ballast_slo_budget_remaining_ratio', '1', 'ASC') }),
      chart({ title: 'Burn over 1 h, the fastest eight', description: `How fast the budget burns, by objective. The engine pages from ${page} and opens a ticket from ${ticket}, over two windows each.`, unit: 'none', width: 12, limits: { warning: ticket, bad: page }, sql: worst('ballast_slo_burn_rate', `${attribute('window')} = '1h'`, 'DESC') }),
    ],
    [
      timeline({ title: 'Alerts', description: 'Red while an alert of the objective is not over.', unit: 'none', width: 12, limits: { bad: 1 }, sql: `SELECT ${BUCKET} AS time, ${attribute('objective')} AS objective, max(Highest) AS value FROM ${rollUpRows('metrics', 'Time, Attributes, Highest', `MetricName = 'ballast_slo_alert_firing'`)} GROUP BY time, objective ORDER BY time, objective LIMIT 20000` }),
      table({
        title: 'What was told', description: 'Alerts that began or ended in the range, newest first.', width: 12, units: { minutes: 'm' },
        links: [linkTo('Why', 'ballast-slo-detail', { slo: '${__data.fields.objective}' })],
        sql: `SELECT EventTime AS at, Slo AS objective, Severity AS severity, Tier AS tier, toString(State) AS state, dateDiff('minute', StartedAt, EventTime) AS minutes FROM ${tableNames.sloEvents} WHERE $__timeFilter(EventTime) ORDER BY at DESC LIMIT 100`,
      }),
    ],
  ],
  details: {
    'The engine': [chart({ title: 'Ticks', description: 'Time that the last evaluation took, mean. It must stay well below the tick.', unit: 's', width: 24, sql: gaugesBy(`'seconds'`, { metric: 'ballast_slo_tick_duration_seconds' }) })],
  },
}

/** The eight objectives with the smallest or largest value now. */
function worst(metric: string, where: string, order: 'ASC' | 'DESC'): string {
  const rows = `(SELECT ${BUCKET} AS time, ${attribute('objective')} AS objective, Total, Points, Time FROM ${rollUpRows('metrics', 'Time, Attributes, Total, Points', `MetricName = '${metric}' AND ${where}`)})`
  const eight = `(SELECT objective FROM ${rows} GROUP BY objective ORDER BY argMax(Total / Points, Time) ${order}, objective LIMIT 8)`
  return `SELECT time, objective, sum(Total) / sum(Points) AS value FROM ${rows} WHERE objective IN ${eight} GROUP BY time, objective ORDER BY time, objective`
}
