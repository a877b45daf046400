import { ValueType } from '@opentelemetry/api'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { AggregationType, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { runIngest, type RunningIngest } from './running-ingest.ts'

let ingest: RunningIngest

beforeAll(async () => {
  ingest = await runIngest({ clickhouseUrl: inject('clickhouseUrl'), database: `ingest_sdk_metrics_${process.pid}` })
  await ingest.untilReady()
})
afterAll(() => ingest.clean())

const seconds = Math.floor(Date.now() / 1000)
const COMMON = {
  ResourceAttributes: { 'service.name': 'shop', 'service.version': '1.2.3' },
  ResourceSchemaUrl: '',
  ScopeName: 'checkout',
  ScopeVersion: '2.0',
  ScopeAttributes: {},
  ScopeDroppedAttrCount: 0,
  ScopeSchemaUrl: 'https://schema',
  ServiceName: 'shop',
  Flags: 0,
  TenantId: 'default',
}

test.each([{}, { compression: 'gzip' }])('metrics of the OpenTelemetry SDK, exported with %o, are rows, right in every column', async (options) => {
  for (const kind of ['gauge', 'sum', 'histogram', 'exponential_histogram']) await ingest.clickhouse.command({ query: `TRUNCATE TABLE otel_metrics_${kind}` })
  const exporter = new OTLPMetricExporter({ url: `${ingest.url}/v1/metrics`, ...options } as ConstructorParameters<typeof OTLPMetricExporter>[0])
  const provider = new MeterProvider({
    resource: resourceFromAttributes({ 'service.name': 'shop', 'service.version': '1.2.3' }),
    readers: [new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })],
    views: [{ instrumentName: 'size', aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM } }],
  })
  const meter = provider.getMeter('checkout', '2.0', { schemaUrl: 'https://schema' })
  meter.createGauge('temperature', { unit: 'Cel', description: 'how warm' }).record(-2.5, { room: 'a', floor: 2 })
  meter.createCounter('orders', { valueType: ValueType.INT }).add(2 ** 40, { paid: true })
  meter.createUpDownCounter('queue').add(-3)
  const duration = meter.createHistogram('duration', { unit: 's', advice: { explicitBucketBoundaries: [0.1, 1] } })
  for (const value of [0.05, 0.5, 0.75, 20]) duration.record(value)
  const size = meter.createHistogram('size')
  for (const value of [1, 2, 4]) size.record(value)
  // Exports once more before it stops.
  await provider.shutdown()

  const rows = (kind: string): Promise<readonly object[]> => ingest.rows(`SELECT * EXCEPT (StartTimeUnix, TimeUnix), toUnixTimestamp(TimeUnix) - ${seconds} BETWEEN 0 AND 600 AS now FROM otel_metrics_${kind} ORDER BY MetricName LIMIT 10`)
  const row = (own: object): object => expect.objectContaining({ ...COMMON, now: 1, ...own }) as object
  expect(await rows('gauge')).toEqual([row({ MetricName: 'temperature', MetricDescription: 'how warm', MetricUnit: 'Cel', Attributes: { floor: '2', room: 'a' }, Value: -2.5, 'Exemplars.Value': [] })])
  expect(await rows('sum')).toEqual([
    row({ MetricName: 'orders', Attributes: { paid: 'true' }, Value: 2 ** 40, AggregationTemporality: 2, IsMonotonic: true }),
    row({ MetricName: 'queue', Attributes: {}, Value: -3, AggregationTemporality: 2, IsMonotonic: false }),
  ])
  expect(await rows('histogram')).toEqual([
    row({ MetricName: 'duration', MetricUnit: 's', Count: '4', Sum: 21.3, BucketCounts: ['1', '2', '1'], ExplicitBounds: [0.1, 1], Min: 0.05, Max: 20, AggregationTemporality: 2 }),
  ])
  const [exponential] = (await rows('exponential_histogram')) as Record<string, unknown>[]
  expect(exponential).toEqual(row({ MetricName: 'size', Count: '3', Sum: 7, Min: 1, Max: 4, ZeroCount: '0', NegativeBucketCounts: [], AggregationTemporality: 2 }))
  // Which buckets there are depends on the scale; their counts do not.
  expect((exponential!['PositiveBucketCounts'] as string[]).filter((count) => count !== '0')).toEqual(['1', '1', '1'])
  expect(exponential!['Scale']).toBeGreaterThan(0)
})
