import type { MaterializedViewDefinition, TableDefinition } from '../schema/table.ts'
import { ballastApiKeys } from './ballast-api-keys.ts'
import { ballastAttributeValues, ballastAttributeValuesViews } from './ballast-attribute-values.ts'
import { ballastIngestLedger } from './ballast-ingest-ledger.ts'
import { ballastMetrics, ballastMetricsViews } from './ballast-metrics.ts'
import { ballastRed, ballastRedView } from './ballast-red.ts'
import { ballastRejects } from './ballast-rejects.ts'
import { ballastServiceCalls, ballastServiceCallsView } from './ballast-service-calls.ts'
import { ballastSloEvents } from './ballast-slo-events.ts'
import { ballastSloChanges, ballastSloHour, ballastSloMinute, ballastSloSeries } from './ballast-slo-measurements.ts'
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
  redMinute: ballastRed.minute,
  redHour: ballastRed.hour,
  metricsMinute: ballastMetrics.minute,
  metricsHour: ballastMetrics.hour,
  serviceCalls: ballastServiceCalls,
  attributeValues: ballastAttributeValues,
  apiKeys: ballastApiKeys,
  ingestLedger: ballastIngestLedger,
  sloMinute: ballastSloMinute,
  sloHour: ballastSloHour,
  sloSeries: ballastSloSeries,
  sloChanges: ballastSloChanges,
} as const satisfies Readonly<Record<string, TableDefinition>>

/** Every materialized view. */
export const materializedViews: readonly MaterializedViewDefinition[] = [
  otelTracesTraceIdTsView,
  ballastRedView,
  ballastRed.hourView,
  ...ballastMetricsViews,
  ballastMetrics.hourView,
  ballastServiceCallsView,
  ...ballastAttributeValuesViews,
]

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
  redMinute: 'ballast_red_minute',
  redHour: 'ballast_red_hour',
  metricsMinute: 'ballast_metrics_minute',
  metricsHour: 'ballast_metrics_hour',
  serviceCalls: 'ballast_service_calls',
  attributeValues: 'ballast_attribute_values',
  apiKeys: 'ballast_api_keys',
  ingestLedger: 'ballast_ingest_ledger',
  sloMinute: 'ballast_slo_minute',
  sloHour: 'ballast_slo_hour',
  sloSeries: 'ballast_slo_series',
  sloChanges: 'ballast_slo_changes',
} as const satisfies Readonly<Record<keyof typeof tables, string>>
