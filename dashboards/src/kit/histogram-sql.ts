import { tableNames } from '@ballast/clickhouse'
import { recent, STEP } from './sql.ts'

/** Points of one run of one process with one set of attributes. */
const SERIES = `ServiceName, ResourceAttributes['service.instance.id'] AS Instance, Attributes, StartTimeUnix, AggregationTemporality, ExplicitBounds`
const SERIES_NAMES = 'ServiceName, Instance, Attributes, StartTimeUnix, AggregationTemporality, ExplicitBounds'

/**
 * Growth of a histogram's buckets: a table expression with `time`, `Attributes`, `ExplicitBounds` and `Grown`. From the points themselves,
 * because the roll-ups keep of a histogram its count and sum only: of the last six hours of the range.
 */
function bucketRows(metric: string): string {
  const points = `(SELECT ${SERIES}, toStartOfInterval(toDateTime(TimeUnix), toIntervalSecond(${STEP})) AS time, sumForEach(BucketCounts) AS Added, maxForEach(BucketCounts) AS Counts FROM ${tableNames.metricsHistogram} WHERE ${recent('TimeUnix')} AND MetricName = '${metric}' GROUP BY ${SERIES_NAMES}, time)`
  // Counts only grow within a run, so the last ones of a step are the largest ones.
  const before = `lagInFrame(Counts, 1, if(StartTimeUnix >= $__fromTime AND StartTimeUnix >= $__toTime - INTERVAL 6 HOUR, arrayMap(n -> toUInt64(0), Counts), Counts)) OVER (PARTITION BY ${SERIES_NAMES} ORDER BY time ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)`
  return `(SELECT time, Attributes, ExplicitBounds, if(AggregationTemporality = 1, arrayMap(n -> toInt64(n), Added), arrayMap((now, then) -> toInt64(now) - toInt64(then), Counts, ${before})) AS Grown FROM ${points})`
}

/**
 * A quantile of each group of histogram points, even within the bucket that holds it, as `histogram_quantile` of Prometheus has it; of the last
 * bucket its lower bound.
 */
function quantile(level: number): string {
  const wanted = `${level} * arraySum(Counts)`
  const index = `arrayFirstIndex(n -> n >= ${wanted}, arrayCumSum(Counts))`
  const lower = `if(${index} = 1, 0, Bounds[${index} - 1])`
  const upper = `if(${index} > length(Bounds), Bounds[-1], Bounds[${index}])`
  const below = `if(${index} = 1, 0, arrayCumSum(Counts)[${index} - 1])`
  return `if(arraySum(Counts) = 0, NULL, ${lower} + (${upper} - ${lower}) * (${wanted} - ${below}) / Counts[${index}])`
}

/** A quantile of all values of a histogram in the last six hours of the range, as `value`. */
export function histogramQuantile(metric: string, level: number): string {
  return `SELECT ${quantile(level)} AS value FROM (SELECT any(ExplicitBounds) AS Bounds, sumForEach(Grown) AS Counts FROM ${bucketRows(metric)})`
}

/** Quantiles of a histogram over time, as columns `p50`, `p99`. */
export function histogramQuantiles(metric: string, levels: readonly number[]): string {
  const columns = levels.map((level) => `${quantile(level)} AS p${level * 100}`)
  return `SELECT time, ${columns.join(', ')} FROM (SELECT time, any(ExplicitBounds) AS Bounds, sumForEach(Grown) AS Counts FROM ${bucketRows(metric)} GROUP BY time) ORDER BY time`
}
