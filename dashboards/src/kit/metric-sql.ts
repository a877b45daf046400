import { counterColumns, counterGrowth } from '@ballast/clickhouse'
import { BUCKET, placed, PLACED_SERIES, rollUpRows, STEP, topOrOther } from './sql.ts'

/** Which points of a metric are meant. */
export interface MetricSource {
  /** Name of the metric, or several. */
  readonly metric: string | readonly string[]
  /** Further condition over `ServiceName`, `Instance` and `Attributes`. */
  readonly where?: string
}

const quoted = (names: string | readonly string[]): string => [names].flat().map((name) => `'${name}'`).join(', ')
const condition = ({ metric, where }: MetricSource): string => `MetricName IN (${quoted(metric)})${where === undefined ? '' : ` AND ${where}`}`

/** A metric's attribute. */
export function attribute(name: string): string {
  return `Attributes['${name}']`
}

/** Growth of counters in the steps of a chart; see `counterGrowth` of `@ballast/clickhouse`. */
export function counterRows(source: MetricSource): string {
  return counterGrowth(rollUpRows('metrics', counterColumns, `Temporality > 0 AND ${condition(source)}`), '$__fromTime', BUCKET)
}

/** Gauges: a table expression with `time`, `MetricName`, `ServiceName`, `Instance`, `Attributes`, `Points`, `Total`, `Lowest` and `Highest`. */
export function gaugeRows(source: MetricSource): string {
  const rows = rollUpRows('metrics', 'MetricName, ServiceName, Instance, Attributes, Time, Points, Total, Lowest, Highest', `Temporality = 0 AND ${condition(source)}`)
  return `(SELECT ${BUCKET} AS time, * FROM ${rows})`
}

/** Mean of a gauge's points. */
export const MEAN = 'sum(Total) / sum(Points)'

/** The newest value of a gauge. */
export const LATEST = 'argMax(Total / Points, Time)'

/** Growth a second of counters, by a label, at most eight series: the largest and `other`. */
export function ratesBy(label: string, source: MetricSource): string {
  const rows = `(SELECT time, ${label} AS label, sum(Increase) AS Amount FROM ${counterRows(source)} GROUP BY time, label)`
  return `SELECT time, ${PLACED_SERIES} AS series, sum(Amount) / any(${STEP}) AS value FROM ${placed(rows, 'Amount')} GROUP BY time, series ORDER BY time, series`
}

/** Growth a second of counters, as columns: conditions over the rows by name of the series. */
export function rates(series: Readonly<Record<string, string>>, source: MetricSource): string {
  const columns = Object.entries(series).map(([name, where]) => `sumIf(Increase, ${where}) / any(${STEP}) AS ${name}`)
  return `SELECT time, ${columns.join(', ')} FROM ${counterRows(source)} GROUP BY time ORDER BY time`
}

/** Gauges by a label, at most eight series: those with the largest values, and the mean of the `other`. */
export function gaugesBy(label: string, source: MetricSource, value = MEAN): string {
  const labelled = `(SELECT *, ${label} AS label FROM ${gaugeRows(source)})`
  return `SELECT time, ${topOrOther('label', 'Total', labelled)} AS series, ${value} AS value FROM ${labelled} GROUP BY time, series ORDER BY time, series`
}

/** Mean of a histogram's values: growth of its sum by growth of its count. */
export function histogramMean(rows: string, metric: string): string {
  return `sumIf(Increase, MetricName = '${metric}.sum') / nullIf(sumIf(Increase, MetricName = '${metric}.count'), 0) AS mean FROM ${rows}`
}

/** The counters that a histogram is rolled up to. */
export function histogramCounters(metric: string): readonly string[] {
  return [`${metric}.count`, `${metric}.sum`]
}
