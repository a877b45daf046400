import { metrics } from '@opentelemetry/api'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto'
import type { Resource } from '@opentelemetry/resources'
import { MeterProvider, type MetricProducer, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { TelemetryError } from '../errors.ts'
import type { Destination } from './environment.ts'
import type { ResolvedDelivery } from './options.ts'

/**
 * Sends the process's metrics over OTLP: those of a new global meter provider, or those that `source` collects.
 *
 * @throws {@link TelemetryError} `ALREADY_STARTED` when the process has a meter provider.
 */
export function exportMetrics(destination: Destination, resource: Resource, { exportTimeoutMs, metricIntervalMs }: ResolvedDelivery, source?: MetricProducer): MeterProvider {
  const exporter = new OTLPMetricExporter({ url: destination.metricsUrl, headers: destination.headers, timeoutMillis: exportTimeoutMs })
  const provider = new MeterProvider({
    resource,
    readers: [
      new PeriodicExportingMetricReader({
        exporter,
        exportIntervalMillis: metricIntervalMs,
        exportTimeoutMillis: Math.min(exportTimeoutMs, metricIntervalMs),
        ...(source !== undefined && { metricProducers: [source] }),
      }),
    ],
  })
  // The process that has a source has its own provider, where all its metrics already are.
  if (source !== undefined) return provider
  if (!metrics.setGlobalMeterProvider(provider)) {
    throw new TelemetryError('ALREADY_STARTED', 'this process has a meter provider already; give startTelemetry a reader of it as the option metrics, or leave that out')
  }
  return provider
}
