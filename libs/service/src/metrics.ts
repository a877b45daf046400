import { hostname } from 'node:os'
import { metrics as metricsApi } from '@opentelemetry/api'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto'
import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { MeterProvider, type MetricProducer, type MetricReader, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'

/** Time that the last export may take when the process stops. Milliseconds. */
const LAST_EXPORT_MS = 500

/** The process's metrics, recorded through `@opentelemetry/api`: read as Prometheus text, sent over OTLP, or collected to be sent by another. */
export interface Metrics extends MetricProducer {
  /** Everything, in Prometheus' text format. */
  text(): Promise<string>
  shutdown(): Promise<void>
}

/** Where metrics are sent. */
export interface MetricExport {
  /** Whole URL of an OTLP/HTTP receiver of metrics, `http://127.0.0.1:4318/v1/metrics`. */
  readonly url: string
  /** Time between two exports, and the deadline of each. Milliseconds. */
  readonly intervalMs: number
}

/**
 * Makes the OpenTelemetry meter provider of this process and registers it globally; call before meters are used.
 *
 * @param sendTo - a receiver that is away costs one failed request an interval; counters are cumulative, so what it missed is in the next export.
 */
export function startMetrics(service: string, sendTo?: MetricExport): Metrics {
  const prometheus = new PrometheusExporter({ preventServerStart: true })
  const readers: MetricReader[] = [prometheus]
  if (sendTo !== undefined) readers.push(periodicExport(sendTo))
  const resource = resourceFromAttributes({ 'service.name': service, 'host.name': hostname(), 'process.pid': process.pid })
  const provider = new MeterProvider({ resource, readers })
  metricsApi.setGlobalMeterProvider(provider)
  const serializer = new PrometheusSerializer()
  return {
    collect: (options) => prometheus.collect(options),
    async text() {
      const { resourceMetrics } = await prometheus.collect()
      return serializer.serialize(resourceMetrics)
    },
    async shutdown() {
      metricsApi.disable()
      // Ingest sends to itself and has stopped listening by now: nobody must wait for an answer that cannot come.
      await Promise.race([provider.shutdown().catch(() => {}), new Promise((resolve) => setTimeout(resolve, LAST_EXPORT_MS).unref())])
    },
  }
}

function periodicExport({ url, intervalMs }: MetricExport): PeriodicExportingMetricReader {
  const exporter = new OTLPMetricExporter({ url, timeoutMillis: intervalMs })
  return new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: intervalMs, exportTimeoutMillis: intervalMs })
}
