import { tableNames } from '@ballast/clickhouse'
import { SloError } from '../errors.ts'
import { type BoundQuery, Parameters } from '../measure/bound-query.ts'
import type { HistogramIndicator } from '../measure/indicator.ts'
import { countValue } from './count-value.ts'
import type { ScanRange, ScanResult, Source } from './source.ts'

/** A cumulative histogram grows from its point before the range, and points come at least this often. */
const LOOKBACK_MS = 5 * 60_000

interface HistogramRow {
  readonly bucket: number
  readonly good: number
  readonly total: string
  readonly points: string
  /** Whether every histogram has the limit as a bound. */
  readonly exact: 0 | 1
  readonly bounds: readonly number[]
}

/**
 * Values that a histogram of metrics recorded, good up to a limit: the count at the bound that is the limit. Between two bounds it is not known
 * how many are good; then nothing is counted, unless an estimate is asked for: as if values lay evenly between the bounds.
 */
export class HistogramSource implements Source {
  readonly indexes: readonly number[]
  readonly label = tableNames.metricsHistogram
  readonly plainSql = false
  readonly #indicator: HistogramIndicator

  constructor(index: number, indicator: HistogramIndicator) {
    this.indexes = [index]
    this.#indicator = indicator
  }

  query({ fromMs, toMs, bucketMs, fromBucket }: ScanRange): BoundQuery {
    const { service, metric, attributes = {}, max } = this.#indicator
    const parameters = new Parameters()
    const time = (ms: number): string => `fromUnixTimestamp64Milli(${parameters.bind('Int64', String(ms))})`
    const [start, limit] = [time(fromMs - LOOKBACK_MS), parameters.bind('Float64', max)]
    // Whole buckets below the limit, and of the one that it lies in the part below it: all of it when the limit is its bound.
    const whole = `arrayCount(bound -> bound < ${limit}, ExplicitBounds)`
    const low = `if(${whole} = 0, 0, ExplicitBounds[${whole}])`
    const share = `if(${whole} < length(ExplicitBounds) AND ExplicitBounds[${whole} + 1] > ${low}, (${limit} - ${low}) / (ExplicitBounds[${whole} + 1] - ${low}), 0)`
    const below = `arraySum(arraySlice(BucketCounts, 1, ${whole})) + BucketCounts[${whole} + 1] * ${share}`
    const growth = (value: string): string => `if(AggregationTemporality = 1, ${value}Added, ${value} - lagInFrame(${value}, 1, if(StartTimeUnix >= ${start}, 0, ${value})) OVER series)`
    const query = [
      `SELECT bucket, sum(greatest(0, goodGrowth)) AS good, toUInt64(round(sum(greatest(0, totalGrowth)))) AS total, sum(points) AS points, toUInt8(min(has(ExplicitBounds, ${limit}))) AS exact, any(ExplicitBounds) AS bounds`,
      `FROM (`,
      `  SELECT bucket, points, ExplicitBounds, ${growth('below')} AS goodGrowth, ${growth('recorded')} AS totalGrowth`,
      `  FROM (`,
      `    SELECT toInt32(intDiv(toUnixTimestamp64Milli(TimeUnix), ${parameters.bind('Int64', String(bucketMs))}) - ${parameters.bind('Int64', String(fromBucket))}) AS bucket, ResourceAttributes, Attributes, StartTimeUnix, ExplicitBounds, AggregationTemporality,`,
      `      count() AS points, sum(${below}) AS belowAdded, max(${below}) AS below, toFloat64(sum(Count)) AS recordedAdded, toFloat64(max(Count)) AS recorded`,
      `    FROM ${tableNames.metricsHistogram}`,
      `    WHERE ServiceName = ${parameters.bind('String', service)} AND MetricName = ${parameters.bind('String', metric)} AND TimeUnix >= ${start} AND TimeUnix < ${time(toMs)}`,
      ...Object.entries(attributes).map(([key, value]) => `      AND Attributes[${parameters.bind('String', key)}] = ${parameters.bind('String', value)}`),
      `    GROUP BY bucket, ResourceAttributes, Attributes, StartTimeUnix, ExplicitBounds, AggregationTemporality`,
      `  ) WINDOW series AS (PARTITION BY cityHash64(ResourceAttributes, Attributes, StartTimeUnix, ExplicitBounds, AggregationTemporality) ORDER BY bucket ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)`,
      `) WHERE bucket >= 0 GROUP BY bucket HAVING total > 0 ORDER BY bucket`,
    ].join('\n')
    return { query, parameters: parameters.values }
  }

  decode(rows: readonly unknown[], { fromBucket }: ScanRange): ScanResult {
    const { metric, max, estimate } = this.#indicator
    let rowsRead = 0
    const series = (rows as readonly HistogramRow[]).map(({ bucket, good, total, points, exact, bounds }) => {
      if (exact === 0 && !estimate) throw new SloError('COUNT_INVALID', `${max} is no bound of the histogram ${metric}, so it is not known how many values are good; its bounds are ${bounds.join(', ')}. Take one of them, or set estimate: true.`)
      rowsRead += countValue(points, 'points')
      const all = countValue(total, 'recorded values')
      return { bucket: bucket + fromBucket, good: Math.min(all, Math.round(good)), total: all }
    })
    return { series: [series], rowsRead, cost: [rowsRead] }
  }
}
