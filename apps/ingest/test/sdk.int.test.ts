import { SeverityNumber, SpanKind, SpanStatusCode, TraceFlags } from '@opentelemetry/api'
import { OTLPLogExporter as LogGrpcExporter } from '@opentelemetry/exporter-logs-otlp-grpc'
import { OTLPLogExporter as LogJsonExporter } from '@opentelemetry/exporter-logs-otlp-http'
import { OTLPLogExporter as LogProtobufExporter } from '@opentelemetry/exporter-logs-otlp-proto'
import { OTLPTraceExporter as TraceGrpcExporter } from '@opentelemetry/exporter-trace-otlp-grpc'
import { OTLPTraceExporter as TraceJsonExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { OTLPTraceExporter as TraceProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs'
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest'
import { runIngest, type RunningIngest } from './running-ingest.ts'

let ingest: RunningIngest

beforeAll(async () => {
  ingest = await runIngest({ clickhouseUrl: inject('clickhouseUrl'), database: `ingest_sdk_${process.pid}` })
  await ingest.untilReady()
})
afterAll(() => ingest.clean())
beforeEach(async () => {
  for (const table of ['otel_traces', 'otel_logs']) await ingest.clickhouse.command({ query: `TRUNCATE TABLE ${table}` })
})

const urlOf = (protocol: string, path: string): string => (protocol.startsWith('gRPC') ? `http://${ingest.grpcTarget}` : ingest.url + path)
const resource = resourceFromAttributes({ 'service.name': 'shop', 'service.version': '1.2.3', 'k8s.pod.name': 'pod-1' })
/** Nanoseconds of a stored DateTime64(9), and times as the SDK takes them. */
const seconds = Math.floor(Date.now() / 1000)
const at = (nanoseconds: number): [number, number] => [seconds, nanoseconds]
const link = { traceId: 'c'.repeat(32), spanId: 'd'.repeat(16), traceFlags: TraceFlags.SAMPLED }

describe.each([
  ['HTTP as protobuf', TraceProtobufExporter, {}],
  ['HTTP as protobuf with gzip', TraceProtobufExporter, { compression: 'gzip' }],
  ['HTTP as JSON', TraceJsonExporter, {}],
  ['gRPC', TraceGrpcExporter, {}],
  ['gRPC with gzip', TraceGrpcExporter, { compression: 'gzip' }],
] as const)('spans of the OpenTelemetry SDK over %s', (protocol, Exporter, options) => {
  test('are rows, right in every column', async () => {
    const exporter = new Exporter({ url: urlOf(protocol, '/v1/traces'), ...options } as ConstructorParameters<typeof TraceProtobufExporter>[0])
    const provider = new TracerProvider({ resource, spanProcessors: [new BatchSpanProcessor({ exporter })] })
    const span = provider.getTracer('checkout', '2.0').startSpan('POST /orders', { kind: SpanKind.SERVER, startTime: at(1), links: [{ context: link, attributes: { why: 'retry' } }] })
    span.setAttributes({ 'http.response.status_code': 500, 'cart.items': ['a', 'b'], ratio: 0.5, cached: false })
    span.addEvent('exception', { 'exception.type': 'Boom' }, at(5))
    span.setStatus({ code: SpanStatusCode.ERROR, message: 'out of stock' })
    span.end(at(1_000_001))
    await provider.forceFlush()
    await provider.shutdown()

    const rows = await ingest.rows('SELECT *, toUnixTimestamp64Nano(Timestamp) AS ns, arrayMap(t -> toUnixTimestamp64Nano(t), Events.Timestamp) AS eventNs FROM otel_traces')
    const { traceId, spanId } = span.spanContext()
    const base = BigInt(seconds) * 1_000_000_000n
    expect(rows).toEqual([
      expect.objectContaining({
        ns: String(base + 1n),
        eventNs: [String(base + 5n)],
        TraceId: traceId,
        SpanId: spanId,
        ParentSpanId: '',
        TraceState: '',
        SpanName: 'POST /orders',
        SpanKind: 'Server',
        ServiceName: 'shop',
        ResourceAttributes: { 'k8s.pod.name': 'pod-1', 'service.name': 'shop', 'service.version': '1.2.3' },
        ScopeName: 'checkout',
        ScopeVersion: '2.0',
        SpanAttributes: { cached: 'false', 'cart.items': '["a","b"]', 'http.response.status_code': '500', ratio: '0.5' },
        Duration: '1000000',
        StatusCode: 'Error',
        StatusMessage: 'out of stock',
        'Events.Name': ['exception'],
        'Events.Attributes': [{ 'exception.type': 'Boom' }],
        'Links.TraceId': [link.traceId],
        'Links.SpanId': [link.spanId],
        'Links.TraceState': [''],
        'Links.Attributes': [{ why: 'retry' }],
        TenantId: 'default',
        SampleRate: '1',
      }),
    ])
    expect(await ingest.rows(`SELECT toUnixTimestamp(min(Start)) AS start FROM otel_traces_trace_id_ts WHERE TraceId = '${traceId}'`)).toEqual([{ start: seconds }])
  })
})

describe.each([
  ['HTTP as protobuf', LogProtobufExporter],
  ['HTTP as JSON', LogJsonExporter],
  ['gRPC', LogGrpcExporter],
] as const)('log records of the OpenTelemetry SDK over %s', (protocol, Exporter) => {
  test('are rows, right in every column', async () => {
    const provider = new LoggerProvider({ resource, processors: [new BatchLogRecordProcessor({ exporter: new Exporter({ url: urlOf(protocol, '/v1/logs') }) })] })
    provider.getLogger('checkout', '2.0').emit({
      timestamp: at(7),
      severityNumber: SeverityNumber.WARN,
      body: { order: 7, lines: ['x'] },
      eventName: 'order.placed',
      attributes: { 'order.total': 12.5 },
    })
    await provider.forceFlush()
    await provider.shutdown()

    expect(await ingest.rows('SELECT *, toUnixTimestamp64Nano(Timestamp) AS ns, `__otel_materialized_k8s.pod.name` AS pod FROM otel_logs')).toEqual([
      expect.objectContaining({
        ns: String(BigInt(seconds) * 1_000_000_000n + 7n),
        TraceId: '',
        SpanId: '',
        TraceFlags: 0,
        SeverityText: 'WARN',
        SeverityNumber: 13,
        ServiceName: 'shop',
        Body: '{"lines":["x"],"order":7}',
        ResourceSchemaUrl: '',
        ScopeSchemaUrl: '',
        ScopeName: 'checkout',
        ScopeVersion: '2.0',
        ScopeAttributes: {},
        LogAttributes: { 'order.total': '12.5' },
        EventName: 'order.placed',
        TenantId: 'default',
        pod: 'pod-1',
      }),
    ])
  })
})

test('a rejected span is in the quarantine with its reason and, because secrets are redacted, without its texts', async () => {
  const body = JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [{ traceId: 'short', spanId: 'b'.repeat(16), name: 'lost' }] }] }] })
  expect((await ingest.post('/v1/traces', body)).status).toBe(200)
  await ingest.settled()
  expect(await ingest.rows('SELECT Signal, Reason, Encoding, Raw FROM ballast_rejects')).toMatchObject([
    { Signal: 'traces', Reason: 'invalid_trace_id', Encoding: 'protobuf', Raw: expect.not.stringContaining('lost') as string },
  ])
})
