import { context } from '@opentelemetry/api'
import { OTLPTraceExporter as GrpcExporter } from '@opentelemetry/exporter-trace-otlp-grpc'
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { afterEach, describe, expect, test } from 'vitest'
import { type OtlpServer, otlpServer } from './otlp-server.ts'

type Exporter = InstanceType<typeof ProtobufExporter>
type Result = Parameters<Parameters<Exporter['export']>[1]>[0]

let ingest: OtlpServer
afterEach(() => ingest.close())

async function spans(): Promise<ReadableSpan[]> {
  const memory = new InMemorySpanExporter()
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: memory })] })
  provider.getTracer('test').startSpan('retried', {}, context.active()).end()
  await provider.forceFlush()
  return memory.getFinishedSpans()
}

async function exported(exporter: Pick<Exporter, 'export'>): Promise<Result> {
  const finished = await spans()
  return new Promise((resolve) => exporter.export(finished, resolve))
}

const answered = (code: number): Promise<number> => ingest.count('ballast_ingest_requests_total', `code="${code}"`)

describe.each([
  ['protobuf', ProtobufExporter],
  ['JSON', JsonExporter],
] as const)('the SDK’s exporter over HTTP as %s', (_, Exporter) => {
  test('sends again what was refused with 503, when Retry-After says so, and it is stored once', async () => {
    ingest = await otlpServer()
    const url = `${await ingest.server.listen({ host: '127.0.0.1', port: 0 })}/v1/traces`
    ingest.files.failures.write = new Error('no space left on device')
    const result = exported(new Exporter({ url }))
    expect(await result).toMatchObject({ code: 0 })
    await ingest.settled()
    expect(ingest.store.rows.map((row) => row['SpanName'])).toEqual(['retried'])
    expect(await answered(503)).toBe(1)
  })

  test('sends again what was refused with 429', async () => {
    ingest = await otlpServer({ maxQueuedBytes: 64 })
    const url = `${await ingest.server.listen({ host: '127.0.0.1', port: 0 })}/v1/traces`
    const result = exported(new Exporter({ url, timeoutMillis: 1500 }))
    // The queue never has room, so the exporter repeats until its own deadline: the first try and one repeat, a second later.
    expect(await result).toMatchObject({ code: 1, error: expect.objectContaining({ name: 'OTLPExporterError' }) as Error })
    expect(await answered(429)).toBe(2)
  })
})

test('the SDK’s exporter over gRPC learns that the request can be sent again', async () => {
  ingest = await otlpServer()
  const url = `http://127.0.0.1:${await ingest.listenGrpc()}`
  ingest.files.failures.write = new Error('no space left on device')
  const exporter = new GrpcExporter({ url })
  expect(await exported(exporter)).toMatchObject({ code: 1, error: { code: 14 } })
  expect(await exported(exporter)).toMatchObject({ code: 0 })
  await exporter.shutdown()
  await ingest.settled()
  expect(ingest.store.rows.map((row) => row['SpanName'])).toEqual(['retried'])
})
