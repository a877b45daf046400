import { metrics } from '@opentelemetry/api'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto'
import type { Resource } from '@opentelemetry/resources'
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { TelemetryError } from '../errors.ts'
import type { Destination } from './environment.ts'

/** Time between two exports. Milliseconds. */
const EXPORT_INTERVAL_MS = 60_000

/**
 * Sends the process's metrics over OTLP.
 *
 * @throws {@link TelemetryError} `ALREADY_STARTED` when the process has a meter provider.
 */
export function exportMetrics(destination: Destination, resource: Resource, exportTimeoutMs: number): MeterProvider {
  const exporter = new OTLPMetricExporter({ url: destination.metricsUrl, headers: destination.headers, timeoutMillis: exportTimeoutMs })
  const provider = new MeterProvider({
    resource,
    readers: [new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: EXPORT_INTERVAL_MS, exportTimeoutMillis: exportTimeoutMs })],
  })
  if (!metrics.setGlobalMeterProvider(provider)) {
    throw new TelemetryError('ALREADY_STARTED', 'this process has a meter provider already; leave the option metrics of startTelemetry out')
  }
  return provider
}
