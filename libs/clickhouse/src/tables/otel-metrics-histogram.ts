import { aggregationTemporality, exemplars, flags, float64, metricTable } from './otel-metrics.ts'

/** Histogram points. */
export const otelMetricsHistogram = metricTable('histogram', [
  { name: 'Count', type: 'UInt64', codec: 'Delta(8), ZSTD(1)' },
  float64('Sum'),
  { name: 'BucketCounts', type: 'Array(UInt64)', codec: 'ZSTD(1)' },
  { name: 'ExplicitBounds', type: 'Array(Float64)', codec: 'ZSTD(1)' },
  exemplars,
  flags,
  float64('Min'),
  float64('Max'),
  aggregationTemporality,
])
