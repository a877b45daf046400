import { BUCKET, rollUpRows } from './sql.ts'

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
