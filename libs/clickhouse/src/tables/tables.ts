import type { MaterializedViewDefinition, TableDefinition } from '../schema/table.ts'
import { ballastRejects } from './ballast-rejects.ts'
import { ballastSloEvents } from './ballast-slo-events.ts'
import { otelLogs } from './otel-logs.ts'
import { otelMetricsExponentialHistogram } from './otel-metrics-exponential-histogram.ts'
import { otelMetricsGauge } from './otel-metrics-gauge.ts'
import { otelMetricsHistogram } from './otel-metrics-histogram.ts'
import { otelMetricsSum } from './otel-metrics-sum.ts'
import { otelMetricsSummary } from './otel-metrics-summary.ts'
import { otelTracesTraceIdTs, otelTracesTraceIdTsView } from './otel-traces-trace-id-ts.ts'
import { otelTraces } from './otel-traces.ts'

/** Every table, by what it holds. */
export const tables = {
  traces: otelTraces,
  tracesTraceIdTs: otelTracesTraceIdTs,
  logs: otelLogs,
  metricsGauge: otelMetricsGauge,
  metricsSum: otelMetricsSum,
  metricsHistogram: otelMetricsHistogram,
  metricsExponentialHistogram: otelMetricsExponentialHistogram,
  metricsSummary: otelMetricsSummary,
  rejects: ballastRejects,
  sloEvents: ballastSloEvents,
} as const satisfies Readonly<Record<string, TableDefinition>>

/** Every materialized view. */
export const materializedViews: readonly MaterializedViewDefinition[] = [otelTracesTraceIdTsView]

/** Table names, for queries. */
export const tableNames = {
  traces: 'otel_traces',
  tracesTraceIdTs: 'otel_traces_trace_id_ts',
  logs: 'otel_logs',
  metricsGauge: 'otel_metrics_gauge',
  metricsSum: 'otel_metrics_sum',
  metricsHistogram: 'otel_metrics_histogram',
  metricsExponentialHistogram: 'otel_metrics_exponential_histogram',
  metricsSummary: 'otel_metrics_summary',
  rejects: 'ballast_rejects',
  sloEvents: 'ballast_slo_events',
} as const satisfies Readonly<Record<keyof typeof tables, string>>
