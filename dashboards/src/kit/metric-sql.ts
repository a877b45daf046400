import { BUCKET, rollUpRows, STEP, topOrOther } from './sql.ts'

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

/**
 * Growth of counters: a table expression with `time`, `MetricName`, `ServiceName`, `Instance`, `Attributes` and `Increase`, one row for each
 * series and step of the roll-up. A counter that began to count within the range counts from zero; of any other the first point is where
 * counting starts.
 */
export function counterRows(source: MetricSource): string {
  const series = 'MetricName, ServiceName, Instance, Attributes, Start, Temporality'
  const rows = rollUpRows('metrics', `${series}, Time, Total, Highest`, `Temporality > 0 AND ${condition(source)}`)
  const points = `(SELECT ${series}, Time, sum(Total) AS Added, max(Highest) AS Count FROM ${rows} GROUP BY ${series}, Time)`
  const before = `lagInFrame(Count, 1, if(Start >= $__fromTime, 0, Count)) OVER (PARTITION BY ${series} ORDER BY Time ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)`
  return `(SELECT ${BUCKET} AS time, MetricName, ServiceName, Instance, Attributes, if(Temporality = 1, Added, Count - ${before}) AS Increase FROM ${points})`
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
  const rows = counterRows(source)
  const labelled = `(SELECT *, ${label} AS label FROM ${rows})`
  return `SELECT time, ${topOrOther('label', 'Increase', labelled)} AS series, sum(Increase) / any(${STEP}) AS value FROM ${labelled} GROUP BY time, series ORDER BY time, series`
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
