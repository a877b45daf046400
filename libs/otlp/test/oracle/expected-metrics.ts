import type { Buckets, Data, DataPoint, Distribution, ExponentialDataPoint, HistogramDataPoint, Metric, NumberChoice, NumberDataPoint, Request, SummaryDataPoint } from './decoded.ts'
import { Expected, hex, isId, isZero, RECEIVED_AT, type Row, scopeOf, serviceName, unsigned } from './expected.ts'

/** The rules of the tables of metrics, said once more. */
export function expectedMetrics(request: Request, tenantId: string): Expected {
  const expected = new Expected()
  for (const { resource, schemaUrl, scopeMetrics } of request.resourceMetrics ?? []) {
    const resourceAttributes = expected.group(() => expected.attributes(resource?.attributes ?? []))
    for (const group of scopeMetrics ?? []) {
      const { name, version, attributes, droppedAttributesCount } = scopeOf(group)
      const shared = {
        ResourceAttributes: resourceAttributes,
        ResourceSchemaUrl: schemaUrl ?? '',
        ScopeName: name,
        ScopeVersion: version,
        ScopeAttributes: expected.group(() => expected.attributes(attributes)),
        ScopeDroppedAttrCount: droppedAttributesCount,
        ScopeSchemaUrl: group.schemaUrl ?? '',
        ServiceName: serviceName(resource),
        TenantId: tenantId,
      }
      for (const metric of group.metrics ?? []) metricRows(expected, metric, shared)
    }
  }
  return expected
}

function metricRows(expected: Expected, metric: Metric, shared: Row): void {
  const rows = <P extends DataPoint>(table: string, data: Data<P>, own: (point: P) => Row): void => {
    for (const point of data.dataPoints) {
      expected.record(table, () => ({
        ...shared,
        MetricName: expected.text(metric.name),
        MetricDescription: expected.text(metric.description),
        MetricUnit: expected.text(metric.unit),
        ...pointRow(expected, point),
        ...own(point),
      }))
    }
  }
  switch (metric.data) {
    case 'gauge':
      rows('otel_metrics_gauge', metric.gauge, (point) => numberRow(expected, point))
      break
    case 'sum': {
      const AggregationTemporality = metric.sum.aggregationTemporality ?? 0
      const IsMonotonic = metric.sum.isMonotonic ?? false
      rows('otel_metrics_sum', metric.sum, (point) => ({ ...numberRow(expected, point), AggregationTemporality, IsMonotonic }))
      break
    }
    case 'histogram': {
      const AggregationTemporality = metric.histogram.aggregationTemporality ?? 0
      rows('otel_metrics_histogram', metric.histogram, (point) => ({ ...histogramRow(expected, point), AggregationTemporality }))
      break
    }
    case 'exponentialHistogram': {
      const AggregationTemporality = metric.exponentialHistogram.aggregationTemporality ?? 0
      rows('otel_metrics_exponential_histogram', metric.exponentialHistogram, (point) => ({ ...exponentialRow(expected, point), AggregationTemporality }))
      break
    }
    case 'summary':
      rows('otel_metrics_summary', metric.summary, (point) => summaryRow(point))
      break
    case undefined:
      expected.warn('metric_without_data')
  }
}

function pointRow(expected: Expected, point: DataPoint): Row {
  const time = expected.time(point.timeUnixNano)
  expected.note('time_missing', time === 0n)
  return { Attributes: expected.attributes(point.attributes), StartTimeUnix: expected.time(point.startTimeUnixNano), TimeUnix: time || RECEIVED_AT, Flags: point.flags ?? 0 }
}

function numberRow(expected: Expected, point: NumberDataPoint): Row {
  return { Value: numberOf(point), ...exemplarsRow(expected, point) }
}

function histogramRow(expected: Expected, point: HistogramDataPoint): Row {
  return { ...distributionRow(point), BucketCounts: point.bucketCounts.map(unsigned), ExplicitBounds: point.explicitBounds, ...exemplarsRow(expected, point) }
}

function exponentialRow(expected: Expected, point: ExponentialDataPoint): Row {
  const counts = (buckets: Buckets | null): bigint[] => (buckets?.bucketCounts ?? []).map(unsigned)
  return {
    ...distributionRow(point),
    Scale: point.scale ?? 0,
    ZeroCount: unsigned(point.zeroCount),
    PositiveOffset: point.positive?.offset ?? 0,
    PositiveBucketCounts: counts(point.positive),
    NegativeOffset: point.negative?.offset ?? 0,
    NegativeBucketCounts: counts(point.negative),
    ...exemplarsRow(expected, point),
  }
}

function summaryRow(point: SummaryDataPoint): Row {
  return {
    Count: unsigned(point.count),
    Sum: point.sum ?? 0,
    'ValueAtQuantiles.Quantile': point.quantileValues.map((each) => each.quantile ?? 0),
    'ValueAtQuantiles.Value': point.quantileValues.map((each) => each.value ?? 0),
  }
}

function distributionRow(point: Distribution): Row {
  return { Count: unsigned(point.count), Sum: point.sum ?? 0, Min: point.min ?? 0, Max: point.max ?? 0 }
}

function exemplarsRow(expected: Expected, { exemplars = [] }: DataPoint): Row {
  const ids = exemplars.map(({ traceId, spanId }) => {
    const hasTrace = isId(traceId, 16)
    const hasSpan = hasTrace && isId(spanId, 8)
    expected.note('exemplar_without_ids', (!hasTrace && !isZero(traceId)) || (!hasSpan && !isZero(spanId)))
    return { trace: hasTrace ? hex(traceId) : '', span: hasSpan ? hex(spanId) : '' }
  })
  return {
    'Exemplars.FilteredAttributes': exemplars.map((exemplar) => expected.attributes(exemplar.filteredAttributes)),
    'Exemplars.TimeUnix': exemplars.map((exemplar) => expected.time(exemplar.timeUnixNano)),
    'Exemplars.Value': exemplars.map(numberOf),
    'Exemplars.SpanId': ids.map((id) => id.span),
    'Exemplars.TraceId': ids.map((id) => id.trace),
  }
}

function numberOf(choice: NumberChoice): number {
  if (choice.value === 'asInt') return Number(BigInt.asIntN(64, unsigned(choice.asInt)))
  return choice.value === 'asDouble' ? choice.asDouble : 0
}
