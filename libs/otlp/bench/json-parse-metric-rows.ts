import { attributesOf, type KeyValue, type Resource, type Scope, textOf, time } from './json-parse-rows.ts'

interface Point { attributes: KeyValue[]; startTimeUnixNano: string; timeUnixNano: string; flags?: number }
interface NumberPoint extends Point { asDouble?: number; asInt?: string }
interface HistogramPoint extends Point { count: string; sum: number; min: number; max: number; bucketCounts: string[]; explicitBounds: number[] }
interface Data<P> { dataPoints: P[]; aggregationTemporality: number; isMonotonic?: boolean }
interface Metric { name: string; description: string; unit: string; gauge?: Data<NumberPoint>; sum?: Data<NumberPoint>; histogram?: Data<HistogramPoint> }
interface Metrics { resourceMetrics: { resource: Resource; schemaUrl?: string; scopeMetrics: { scope: Scope; schemaUrl?: string; metrics: Metric[] }[] }[] }

const EXEMPLARS = { 'Exemplars.FilteredAttributes': [], 'Exemplars.TimeUnix': [], 'Exemplars.Value': [], 'Exemplars.SpanId': [], 'Exemplars.TraceId': [] }

/** A metric request as JSONEachRow for the tables of gauges, sums and histograms. */
export function jsonParseMetricRows(body: Uint8Array, tenantId: string): readonly Buffer[] {
  const texts = { gauge: '', sum: '', histogram: '' }
  for (const { resource, schemaUrl = '', scopeMetrics } of (JSON.parse(textOf(body)) as Metrics).resourceMetrics) {
    const resourceAttributes = attributesOf(resource.attributes)
    for (const { scope, schemaUrl: scopeUrl = '', metrics } of scopeMetrics) {
      const shared = {
        ResourceAttributes: resourceAttributes,
        ResourceSchemaUrl: schemaUrl,
        ScopeName: scope.name,
        ScopeVersion: scope.version,
        ScopeAttributes: attributesOf(scope.attributes ?? []),
        ScopeDroppedAttrCount: 0,
        ScopeSchemaUrl: scopeUrl,
        ServiceName: resourceAttributes['service.name'] ?? '',
        TenantId: tenantId,
      }
      for (const { name, description, unit, gauge, sum, histogram } of metrics) {
        const texted = { ...shared, MetricName: name, MetricDescription: description, MetricUnit: unit }
        const line = (point: Point, own: object): string => `${JSON.stringify({ ...texted, ...pointRow(point), ...own, ...EXEMPLARS })}\n`
        for (const point of gauge?.dataPoints ?? []) texts.gauge += line(point, { Value: number(point) })
        for (const point of sum?.dataPoints ?? []) texts.sum += line(point, { Value: number(point), AggregationTemporality: sum!.aggregationTemporality, IsMonotonic: sum!.isMonotonic })
        for (const point of histogram?.dataPoints ?? []) texts.histogram += line(point, { ...distribution(point), AggregationTemporality: histogram!.aggregationTemporality })
      }
    }
  }
  return [Buffer.from(texts.gauge), Buffer.from(texts.sum), Buffer.from(texts.histogram)]
}

function pointRow(point: Point): object {
  return { Attributes: attributesOf(point.attributes), StartTimeUnix: time(point.startTimeUnixNano), TimeUnix: time(point.timeUnixNano), Flags: point.flags ?? 0 }
}

function number(point: NumberPoint): number {
  return point.asDouble ?? Number(point.asInt)
}

function distribution({ count, sum, min, max, bucketCounts, explicitBounds }: HistogramPoint): object {
  return { Count: count, Sum: sum, Min: min, Max: max, BucketCounts: bucketCounts, ExplicitBounds: explicitBounds }
}
