import { ClickHouseError } from '@ballast/clickhouse'
import { afterEach, expect, test } from 'vitest'
import { toProtobuf } from '../../../libs/otlp/test/otlp-messages.ts'
import { type OtlpServer, otlpServer } from './otlp-server.ts'

const LATE = String(2n ** 63n)
const points = (...times: string[]): object[] => times.map((timeUnixNano) => ({ timeUnixNano, asDouble: 1.5 }))
const request = (...metrics: object[]): Buffer => Buffer.from(toProtobuf('MetricsRequest', { resourceMetrics: [{ scopeMetrics: [{ metrics }] }] }))
const gauge = { name: 'temperature', gauge: { dataPoints: points('1', '2') } }
const sum = { name: 'orders', sum: { dataPoints: points('1'), aggregationTemporality: 2, isMonotonic: true } }

let ingest: OtlpServer
afterEach(() => ingest.close())

async function start(): Promise<void> {
  ingest = await otlpServer()
}

const post = (payload: Buffer, contentType = 'application/x-protobuf') => ingest.server.inject({ method: 'POST', url: '/v1/metrics', payload, headers: { 'content-type': contentType } })
const tablesSince = (attempt: number): string[] => ingest.store.attempts.slice(attempt).map((batch) => batch.table).toSorted()
const counts = async (): Promise<Record<string, number>> =>
  Object.fromEntries(await Promise.all(['received', 'stored', 'rejected', 'refused', 'deduplicated'].map(async (name) => [name, await ingest.count(`ballast_ingest_records_${name}_total`, 'signal="metrics"')])))

test('metrics of two kinds go into two tables, and the request is answered once', async () => {
  await start()
  const answer = await post(request(gauge, sum))
  expect([answer.statusCode, answer.rawPayload.length]).toEqual([200, 0])
  await ingest.settled()
  expect(tablesSince(0)).toEqual(['otel_metrics_gauge', 'otel_metrics_sum'])
  expect(await counts()).toEqual({ received: 3, stored: 3, rejected: 0, refused: 0, deduplicated: 0 })
})

test('a data point that cannot be stored is rejected alone, and the answer says of which metric it is', async () => {
  await start()
  const answer = await post(request({ ...gauge, gauge: { dataPoints: points('1', LATE, '2') } }))
  expect(answer.statusCode).toBe(200)
  // partial_success, its length, rejected_data_points = 1, error_message.
  expect(answer.rawPayload.toString('hex')).toMatch(/^0a[89a-f].01080112/)
  expect(answer.body).toContain('1 data point rejected (timestamp_out_of_range 1); the first: gauge "temperature": time')
  await ingest.settled()
  expect(tablesSince(0)).toEqual(['ballast_rejects', 'otel_metrics_gauge'])
  expect(await counts()).toMatchObject({ received: 3, stored: 2, rejected: 1 })
})

test('when one table cannot be stored, only that one goes again', async () => {
  await start()
  ingest.store.failures = [new ClickHouseError('OVERLOADED', 'not now')]
  expect((await post(request(gauge, sum))).statusCode).toBe(200)
  await ingest.settled()
  expect(ingest.store.attempts.map((batch) => batch.table)).toEqual(['otel_metrics_gauge', 'otel_metrics_sum', 'otel_metrics_gauge'])
  expect(await counts()).toEqual({ received: 3, stored: 3, rejected: 0, refused: 0, deduplicated: 0 })
})

test('the same request sent twice on purpose is stored twice', async () => {
  await start()
  for (const body of [request(gauge, sum), request(gauge, sum)]) expect((await post(body)).statusCode).toBe(200)
  await ingest.settled()
  expect(await counts()).toMatchObject({ received: 6, stored: 6, deduplicated: 0 })
})

test('metrics in JSON are stored, and points that cannot be read are counted', async () => {
  await start()
  const text = '{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","gauge":{"dataPoints":[{"asInt":"7","timeUnixNano":"5"},{"asInt":"x"}]}}]}]}]}'
  const answer = await post(Buffer.from(text), 'application/json')
  expect(answer.json()).toEqual({ partialSuccess: { rejectedDataPoints: '1', errorMessage: expect.stringContaining('invalid_value 1') as string } })
  await ingest.settled()
  expect(ingest.store.rows).toMatchObject([{ MetricName: 'm', Value: 7 }])
})

test('spans sent to the metrics are told where they belong', async () => {
  await start()
  const spans = toProtobuf('TracesRequest', { resourceSpans: [{ scopeSpans: [{ spans: [{ traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), name: 'GET /', kind: 2, startTimeUnixNano: '5' }] }] }] })
  const answer = await post(Buffer.from(spans))
  expect(answer.statusCode).toBe(400)
  expect(answer.body).toContain('/v1/metrics was sent spans; send them to /v1/traces.')
})
