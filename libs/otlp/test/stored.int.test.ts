import { type ClickHouse, createClickHouse, migrate } from '@ballast/clickhouse'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { transcodeLogs, type Transcoded, transcodeMetrics, transcodeTraces } from '../src/index.ts'
import { logRequests, RECORDS, traceRequests } from '../bench/requests.ts'
import { toJson, toProtobuf } from './otlp-messages.ts'

let client: ClickHouse
const options = { tenantId: 'acme', receivedAtUnixNano: 1n } as const
const encodings = ['protobuf', 'json'] as const

beforeAll(async () => {
  client = createClickHouse({ url: inject('clickhouseUrl'), database: `otlp_${process.pid}` })
  await migrate({ client })
})

afterAll(async () => {
  await client.command({ query: `DROP DATABASE IF EXISTS ${client.database}` })
  await client.close()
})

/** Inserts the blocks, all of one table. Twice with one token, as a retry does. */
async function insert({ blocks }: Pick<Transcoded, 'blocks'>): Promise<void> {
  const { table, columns, format } = blocks[0]!
  const body = blocks.map((block) => block.body)
  for (let attempt = 0; attempt < 2; attempt++) await client.insertBlock({ table, columns, format, body, deduplicationToken: `all of ${table}` })
}

test('ClickHouse has every row and value of the blocks of traces and logs in both encodings, each once', async () => {
  // Young, because tables drop what is older than their retention.
  const start = BigInt(Date.now()) * 1_000_000n
  // Requests of one encoding follow each other in a sequence; so that trace ids differ, JSON takes its later part.
  const bodies = (requests: typeof traceRequests, count: number): [Uint8Array, 'protobuf' | 'json'][] => [
    ...requests(count - 1, start, 'protobuf').map((body): [Uint8Array, 'protobuf'] => [body, 'protobuf']),
    [requests(count, start, 'json').at(-1)!, 'json'],
  ]
  await insert({ blocks: bodies(traceRequests, 3).flatMap(([body, encoding]) => transcodeTraces(body, { ...options, encoding }).blocks) })
  await insert({ blocks: bodies(logRequests, 2).flatMap(([body, encoding]) => transcodeLogs(body, { ...options, encoding }).blocks) })
  const [stored] = await client.query({
    query: `SELECT count() AS rows, uniqExact(TraceId) AS traces, countIf(length(TraceId) = 32 AND length(SpanId) = 16) AS ids, countIf(mapKeys(SpanAttributes) = arraySort(mapKeys(SpanAttributes))) AS sorted,
      countIf(length(SpanAttributes) = 10) AS complete, countIf(SpanAttributes['server.port'] = '443') AS ports, uniqExact(SpanName) AS names, any(ServiceName) AS service, any(TenantId) AS tenant, any(StatusCode) AS status FROM otel_traces`,
  })
  const rows = String(RECORDS * 3)
  expect(stored).toEqual({ rows, traces: rows, ids: rows, sorted: rows, complete: rows, ports: rows, names: '5', service: 'checkout', tenant: 'acme', status: 'Ok' })
  expect(await client.query({ query: `SELECT count() AS rows, countIf(Body LIKE 'request % completed') AS bodies, any(SeverityText) AS severity, any(ScopeVersion) AS version FROM otel_logs` })).toEqual([
    { rows: String(RECORDS * 2), bodies: String(RECORDS * 2), severity: 'INFO', version: '2.0.0' },
  ])
})

test('ClickHouse has every value of metrics of all kinds in both encodings', async () => {
  const time = String(BigInt(Date.now()) * 1_000_000n)
  const attributes = [{ key: 'region', value: { stringValue: 'eu' } }]
  const exemplars = [{ timeUnixNano: time, asDouble: 0.25, traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), filteredAttributes: attributes }]
  const point = { startTimeUnixNano: time, timeUnixNano: time, attributes }
  const metrics = [
    { name: 'temperature', unit: 'Cel', gauge: { dataPoints: [{ ...point, asDouble: -0.5, exemplars }] } },
    { name: 'requests', sum: { dataPoints: [{ ...point, asInt: '7', exemplars }], aggregationTemporality: 2, isMonotonic: true } },
    { name: 'latency', histogram: { dataPoints: [{ ...point, count: '3', sum: 1.5, bucketCounts: ['1', '2'], explicitBounds: [0.5], exemplars }], aggregationTemporality: 1 } },
    { name: 'size', exponentialHistogram: { dataPoints: [{ ...point, count: '5', sum: 2.5, scale: -1, zeroCount: '2', positive: { offset: -3, bucketCounts: ['1', '2'] }, exemplars }], aggregationTemporality: 1 } },
    { name: 'rpc', summary: { dataPoints: [{ ...point, count: '9', sum: 4.5, quantileValues: [{ quantile: 0.99, value: 3 }] }] } },
  ]
  const request = { resourceMetrics: [{ resource: { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }] }, scopeMetrics: [{ metrics }] }] }
  const bodies = { protobuf: toProtobuf('MetricsRequest', request), json: toJson(request) }
  const [protobuf, json] = encodings.map((encoding) => transcodeMetrics(bodies[encoding], { ...options, encoding }).blocks)
  for (const [index, block] of protobuf!.entries()) await insert({ blocks: [block, json![index]!] })
  const shared = "count() AS rows, countIf(ServiceName = 'shop' AND TenantId = 'acme' AND Attributes['region'] = 'eu') AS complete"
  const exemplar = "countIf(Exemplars.Value = [0.25] AND Exemplars.SpanId = ['cdcdcdcdcdcdcdcd'] AND Exemplars.FilteredAttributes[1]['region'] = 'eu') AS exemplars"
  const twice = { rows: '2', complete: '2' }
  expect(await client.query({ query: `SELECT ${shared}, ${exemplar}, groupUniqArray(Value) AS value, any(MetricUnit) AS unit FROM otel_metrics_gauge` })).toEqual([{ ...twice, exemplars: '2', value: [-0.5], unit: 'Cel' }])
  expect(await client.query({ query: `SELECT ${shared}, ${exemplar}, groupUniqArray(Value) AS value, min(IsMonotonic) AS monotonic FROM otel_metrics_sum` })).toEqual([{ ...twice, exemplars: '2', value: [7], monotonic: true }])
  expect(await client.query({ query: `SELECT ${shared}, ${exemplar}, groupUniqArray(BucketCounts) AS counts, groupUniqArray(ExplicitBounds) AS bounds FROM otel_metrics_histogram` })).toEqual([
    { ...twice, exemplars: '2', counts: [['1', '2']], bounds: [[0.5]] },
  ])
  expect(await client.query({ query: `SELECT ${shared}, ${exemplar}, any(Scale) AS scale, any(PositiveOffset) AS offset, groupUniqArray(PositiveBucketCounts) AS counts FROM otel_metrics_exponential_histogram` })).toEqual([
    { ...twice, exemplars: '2', scale: -1, offset: -3, counts: [['1', '2']] },
  ])
  expect(await client.query({ query: `SELECT ${shared}, groupUniqArray(ValueAtQuantiles.Value) AS values FROM otel_metrics_summary` })).toEqual([{ ...twice, values: [[3]] }])
})
