import { metrics as metricsApi } from '@opentelemetry/api'
import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { MeterProvider, type MetricProducer } from '@opentelemetry/sdk-metrics'

/** The process's metrics, recorded through `@opentelemetry/api` and read as Prometheus text, or collected to be sent elsewhere. */
export interface Metrics extends MetricProducer {
  /** Everything, in Prometheus' text format. */
  text(): Promise<string>
  shutdown(): Promise<void>
}

/** Makes the OpenTelemetry meter provider of this process and registers it globally; call before meters are used. */
export function startMetrics(service: string): Metrics {
  const reader = new PrometheusExporter({ preventServerStart: true })
  const provider = new MeterProvider({ resource: resourceFromAttributes({ 'service.name': service }), readers: [reader] })
  metricsApi.setGlobalMeterProvider(provider)
  const serializer = new PrometheusSerializer()
  return {
    collect: (options) => reader.collect(options),
    async text() {
      const { resourceMetrics } = await reader.collect()
      return serializer.serialize(resourceMetrics)
    },
    async shutdown() {
      metricsApi.disable()
      await provider.shutdown()
    },
  }
}
