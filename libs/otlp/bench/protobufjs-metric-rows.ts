import type Long from 'long'
import { fromProtobuf } from '../test/otlp-messages.ts'
import { attributesOf, type KeyValue, nanos, type Resource, type Scope, time } from './protobufjs-rows.ts'

interface Point { attributes: KeyValue[]; startTimeUnixNano: Long; timeUnixNano: Long; flags: number }
interface NumberPoint extends Point { value: 'asDouble' | 'asInt'; asDouble: number; asInt: Long }
interface HistogramPoint extends Point { count: Long; sum: number; min: number; max: number; bucketCounts: Long[]; explicitBounds: number[] }
interface Data<P> { dataPoints: P[]; aggregationTemporality: number; isMonotonic: boolean }
interface Metric { name: string; description: string; unit: string; data: string; gauge: Data<NumberPoint>; sum: Data<NumberPoint>; histogram: Data<HistogramPoint> }
interface Metrics { resourceMetrics: { resource: Resource; schemaUrl: string; scopeMetrics: { scope: Scope; schemaUrl: string; metrics: Metric[] }[] }[] }

const EXEMPLARS = { 'Exemplars.FilteredAttributes': [], 'Exemplars.TimeUnix': [], 'Exemplars.Value': [], 'Exemplars.SpanId': [], 'Exemplars.TraceId': [] }

/** A metric request as JSONEachRow for the tables of gauges, sums and histograms. */
export function protobufjsMetricRows(body: Uint8Array, tenantId: string): readonly Buffer[] {
  const texts = { gauge: '', sum: '', histogram: '' }
  for (const { resource, schemaUrl, scopeMetrics } of (fromProtobuf('MetricsRequest', body) as Metrics).resourceMetrics) {
    const resourceAttributes = attributesOf(resource.attributes)
    for (const { scope, schemaUrl: scopeUrl, metrics } of scopeMetrics) {
      const shared = {
        ResourceAttributes: resourceAttributes,
        ResourceSchemaUrl: schemaUrl,
        ScopeName: scope.name,
        ScopeVersion: scope.version,
        ScopeAttributes: attributesOf(scope.attributes),
        ScopeDroppedAttrCount: 0,
        ScopeSchemaUrl: scopeUrl,
        ServiceName: resourceAttributes['service.name'] ?? '',
        TenantId: tenantId,
      }
      for (const { name, description, unit, data, gauge, sum, histogram } of metrics) {
        const texted = { ...shared, MetricName: name, MetricDescription: description, MetricUnit: unit }
        const line = (point: Point, own: object): string => `${JSON.stringify({ ...texted, ...pointRow(point), ...own, ...EXEMPLARS })}\n`
        if (data === 'gauge') for (const point of gauge.dataPoints) texts.gauge += line(point, { Value: number(point) })
        if (data === 'sum') {
          for (const point of sum.dataPoints) texts.sum += line(point, { Value: number(point), AggregationTemporality: sum.aggregationTemporality, IsMonotonic: sum.isMonotonic })
        }
        if (data === 'histogram') for (const point of histogram.dataPoints) texts.histogram += line(point, { ...distribution(point), AggregationTemporality: histogram.aggregationTemporality })
      }
    }
  }
  return [Buffer.from(texts.gauge), Buffer.from(texts.sum), Buffer.from(texts.histogram)]
}

function pointRow(point: Point): object {
  return { Attributes: attributesOf(point.attributes), StartTimeUnix: time(nanos(point.startTimeUnixNano)), TimeUnix: time(nanos(point.timeUnixNano)), Flags: point.flags }
}

function number(point: NumberPoint): number {
  return point.value === 'asInt' ? point.asInt.toNumber() : point.asDouble
}

function distribution(point: HistogramPoint): object {
  return { Count: point.count.toString(), Sum: point.sum, Min: point.min, Max: point.max, BucketCounts: point.bucketCounts.map(String), ExplicitBounds: point.explicitBounds }
}
