import { exemplars, flags, float64, metricTable } from './otel-metrics.ts'

/** Gauge points. */
export const otelMetricsGauge = metricTable('gauge', [float64('Value'), flags, exemplars])
