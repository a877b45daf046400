import { aggregationTemporality, exemplars, flags, float64, metricTable } from './otel-metrics.ts'

/** Exponential histogram points. */
export const otelMetricsExponentialHistogram = metricTable('exponential_histogram', [
  { name: 'Count', type: 'UInt64', codec: 'Delta(8), ZSTD(1)' },
  float64('Sum'),
  { name: 'Scale', type: 'Int32', codec: 'ZSTD(1)' },
  { name: 'ZeroCount', type: 'UInt64', codec: 'ZSTD(1)' },
  { name: 'PositiveOffset', type: 'Int32', codec: 'ZSTD(1)' },
  { name: 'PositiveBucketCounts', type: 'Array(UInt64)', codec: 'ZSTD(1)' },
  { name: 'NegativeOffset', type: 'Int32', codec: 'ZSTD(1)' },
  { name: 'NegativeBucketCounts', type: 'Array(UInt64)', codec: 'ZSTD(1)' },
  exemplars,
  flags,
  float64('Min'),
  float64('Max'),
  aggregationTemporality,
])
