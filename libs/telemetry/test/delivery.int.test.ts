import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { metrics } from '@opentelemetry/api'
import { AggregationTemporality, InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startTelemetry, unitOfWork } from '../src/index.ts'

interface Received {
  readonly path: string
  readonly body: Buffer
  readonly status: number
}

let server: Server
let endpoint: string
let received: Received[]
/** How many of the next requests are refused, to come again in a second. */
let refusals: number

beforeEach(async () => {
  received = []
  refusals = 0
  server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const status = refusals-- > 0 ? 503 : 200
      received.push({ path: request.url!, body: Buffer.concat(chunks), status })
      response.writeHead(status, status === 503 ? { 'retry-after': '1' } : { 'content-type': 'application/x-protobuf' }).end()
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterEach(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

test('a batch that is refused goes out again, the same bytes', async () => {
  refusals = 1
  const telemetry = startTelemetry({ service: 'patient', endpoint })
  unitOfWork('job', { span: false }, () => {})
  await telemetry.shutdown()
  expect(received.map(({ path, status }) => [path, status])).toEqual([['/v1/logs', 503], ['/v1/logs', 200]])
  expect(received[0]!.body.equals(received[1]!.body)).toBe(true)
})

test('metrics go over OTLP as well when they are asked for', async () => {
  const telemetry = startTelemetry({ service: 'metered', endpoint, metrics: true })
  metrics.getMeter('test').createCounter('test.orders').add(3)
  expect(() => startTelemetry({ service: 'again', endpoint, metrics: true })).toThrow(expect.objectContaining({ code: 'ALREADY_STARTED' }) as Error)
  unitOfWork('job', () => {})
  await telemetry.shutdown()
  const bodies = received.filter(({ path }) => path === '/v1/metrics').map(({ body }) => body.toString('latin1'))
  expect(bodies).toHaveLength(1)
  expect(bodies[0]).toContain('test.orders')
  expect(bodies[0]).toContain('otel.sdk.processor.log.processed')
})

test('metrics of the meter provider that the process has go out at every interval, and the provider stays', async () => {
  const reader = new PeriodicExportingMetricReader({ exporter: new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE), exportIntervalMillis: 3_600_000 })
  const provider = new MeterProvider({ readers: [reader] })
  metrics.setGlobalMeterProvider(provider)
  const telemetry = startTelemetry({ service: 'metered', endpoint, metrics: reader, metricInterval: '20ms' })
  metrics.getMeter('test').createCounter('test.orders').add(3)
  await expect.poll(() => received.filter(({ path, body }) => path === '/v1/metrics' && body.includes('test.orders')).length).toBeGreaterThan(1)
  expect(received.find(({ path }) => path === '/v1/metrics')!.body.toString('latin1')).toContain('metered')
  await telemetry.shutdown()
  expect(metrics.getMeterProvider().getMeter('test')).toBe(provider.getMeter('test'))
  metrics.disable()
  await provider.shutdown()
})
