import { aggregationTemporality, exemplars, flags, float64, metricTable } from './otel-metrics.ts'

/** Sum points. */
export const otelMetricsSum = metricTable('sum', [
  float64('Value'),
  flags,
  exemplars,
  aggregationTemporality,
  { name: 'IsMonotonic', type: 'Bool', codec: 'Delta(1), ZSTD(1)' },
])
