import type { MaterializedViewDefinition, TableDefinition } from '../schema/table.ts'
import { attributeMap } from './attribute-map.ts'
import { otelMetricsGauge } from './otel-metrics-gauge.ts'
import { otelMetricsHistogram } from './otel-metrics-histogram.ts'
import { otelMetricsSum } from './otel-metrics-sum.ts'
import { extreme, label, rollUp, summed } from './roll-up.ts'

/**
 * Points of gauges, sums and histograms. `Start` is when a counter began to count, so a process that starts again is a new series.
 * Of a delta counter (`Temporality` 1) the increase of a step is `Total`, of a cumulative one (2) the growth of `Highest`; of a gauge (0)
 * the mean is `Total / Points`. A histogram is two counters, `<name>.count` and `<name>.sum`.
 */
export const ballastMetrics = rollUp({
  name: 'ballast_metrics',
  keys: [label('MetricName'), label('ServiceName'), label('Instance'), attributeMap('Attributes'), { name: 'Start', type: 'DateTime', codec: 'ZSTD(1)' }, { name: 'Temporality', type: 'UInt8', codec: 'ZSTD(1)' }],
  measures: [summed('Points'), summed('Total', 'Float64'), extreme('min', 'Lowest', 'Float64'), extreme('max', 'Highest', 'Float64')],
  keysBeforeTime: 1,
  shardingKey: 'cityHash64(MetricName, ServiceName, Attributes)',
})

const INSTANCE = `if(ResourceAttributes['service.instance.id'] != '', ResourceAttributes['service.instance.id'], concat(ResourceAttributes['host.name'], ':', ResourceAttributes['process.pid']))`

function view(kind: string, source: TableDefinition, points: { readonly name?: string; readonly value?: string; readonly temporality: string; readonly from?: string }): MaterializedViewDefinition {
  const { name = 'MetricName', value = 'Value', temporality, from = '{source}' } = points
  return {
    name: `ballast_metrics_minute_${kind}_mv`,
    source,
    target: ballastMetrics.minute,
    select: [
      `SELECT TenantId, ${name} AS MetricName, ServiceName, ${INSTANCE} AS Instance, Attributes, toDateTime(StartTimeUnix) AS Start, toUInt8(${temporality}) AS Temporality,`,
      `toStartOfMinute(TimeUnix) AS Time, count() AS Points, sum(${value}) AS Total, min(${value}) AS Lowest, max(${value}) AS Highest`,
      `FROM ${from}`,
      'GROUP BY TenantId, MetricName, ServiceName, Instance, Attributes, Start, Temporality, Time',
    ].join('\n'),
    since: 2,
  }
}

const counters = `(SELECT *, arrayJoin([(concat(MetricName, '.count'), toFloat64(Count)), (concat(MetricName, '.sum'), Sum)]) AS Counter FROM {source})`

/** Fill the minutes of {@link ballastMetrics} from every block of points. A sum that may fall is a gauge here. */
export const ballastMetricsViews: readonly MaterializedViewDefinition[] = [
  view('gauge', otelMetricsGauge, { temporality: '0' }),
  view('sum', otelMetricsSum, { temporality: 'if(IsMonotonic, AggregationTemporality, 0)' }),
  view('histogram', otelMetricsHistogram, { name: 'Counter.1', value: 'Counter.2', temporality: 'AggregationTemporality', from: counters }),
]
