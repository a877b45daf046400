const SERIES = 'MetricName, ServiceName, Instance, Attributes, Start, Temporality'

/** Columns of `ballast_metrics_minute` and `ballast_metrics_hour` that {@link counterGrowth} needs. */
export const counterColumns = `${SERIES}, Time, Total, Highest`

/**
 * Growth of counters: a table expression with `time`, `MetricName`, `ServiceName`, `Instance`, `Attributes` and `Increase`, one row for each
 * series and step of the roll-up. A counter that began to count within the range counts from zero; of any other the first point is where
 * counting starts. Each run of a process is a series of its own, so a restart is no fall.
 *
 * @param rows - table expression with the columns of {@link counterColumns}, `Temporality` above 0.
 * @param from - first moment of the range, as SQL.
 * @param time - what becomes `time`, as SQL over `Time`.
 */
export function counterGrowth(rows: string, from: string, time = 'Time'): string {
  const points = `(SELECT ${SERIES}, Time, sum(Total) AS Added, max(Highest) AS Count FROM ${rows} GROUP BY ${SERIES}, Time)`
  // By a hash, because putting maps of attributes in order takes longer than all the rest.
  const before = `lagInFrame(Count, 1, if(Start >= ${from}, 0, Count)) OVER (PARTITION BY cityHash64(${SERIES}) ORDER BY Time ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)`
  return `(SELECT ${time} AS time, MetricName, ServiceName, Instance, Attributes, if(Temporality = 1, Added, Count - ${before}) AS Increase FROM ${points})`
}
