import { flags, float64, metricTable } from './otel-metrics.ts'

/** Summary points. */
export const otelMetricsSummary = metricTable('summary', [
  { name: 'Count', type: 'UInt64', codec: 'Delta(8), ZSTD(1)' },
  float64('Sum'),
  {
    name: 'ValueAtQuantiles',
    nested: [
      { name: 'Quantile', type: 'Float64' },
      { name: 'Value', type: 'Float64' },
    ],
    codec: 'ZSTD(1)',
  },
  flags,
])
