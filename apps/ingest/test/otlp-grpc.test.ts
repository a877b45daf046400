import { afterEach, expect, test } from 'vitest'
import { call, LOGS, METRICS, TRACES } from '../src/conformance/grpc-client.ts'
import { envelope, protobufLog, protobufMetric, protobufSpan } from '../src/conformance/samples.ts'
import { tenantsByKey } from './known-keys.ts'
import { type OtlpServer, otlpServer } from './otlp-server.ts'

const open: OtlpServer[] = []
async function start(...options: Parameters<typeof otlpServer>): Promise<{ ingest: OtlpServer; grpcTarget: string }> {
  const ingest = await otlpServer(...options)
  open.push(ingest)
  return { ingest, grpcTarget: `127.0.0.1:${await ingest.listenGrpc()}` }
}
afterEach(async () => {
  for (const ingest of open.splice(0)) await ingest.close()
})

const at = (grpcTarget: string, headers: Record<string, string> = {}) => ({ url: '', grpcTarget, headers })

test.each([{ authorization: 'Bearer k1' }, { 'x-api-key': 'k1' }])('a key in the metadata %o says whose rows they are', async (metadata) => {
  const { ingest, grpcTarget } = await start({}, tenantsByKey({ k1: 'acme' }))
  expect(await call(at(grpcTarget, metadata), envelope([protobufSpan()]))).toMatchObject({ code: 0 })
  await ingest.settled()
  expect(ingest.store.rows).toMatchObject([{ TenantId: 'acme' }])
  expect(await call(at(grpcTarget, { 'x-api-key': 'k2' }), envelope([protobufSpan()]))).toMatchObject({ code: 16, retryAfterSeconds: undefined })
})

test('each service stores in its tables, and calls are counted with their status', async () => {
  const { ingest, grpcTarget } = await start()
  for (const [method, record] of [[TRACES, protobufSpan()], [LOGS, protobufLog()], [METRICS, protobufMetric()]] as const) {
    expect(await call(at(grpcTarget), envelope([record]), { method })).toMatchObject({ code: 0 })
  }
  expect(await call(at(grpcTarget), Buffer.from([0x0a, 0xff]))).toMatchObject({ code: 3, message: expect.stringContaining('not a protobuf message') as string })
  await ingest.settled()
  expect(ingest.store.attempts.map((batch) => batch.table).toSorted()).toEqual(['otel_logs', 'otel_metrics_gauge', 'otel_traces'])
  const counted = (signal: string, code: number): Promise<number> => ingest.count('ballast_ingest_requests_total', `signal="${signal}",code="${code}",protocol="grpc"`)
  expect(await Promise.all([counted('traces', 0), counted('logs', 0), counted('metrics', 0), counted('traces', 3)])).toEqual([1, 1, 1, 1])
})

test('a full queue is RESOURCE_EXHAUSTED, and says when to come back', async () => {
  const { grpcTarget } = await start({ maxQueuedBytes: 32 })
  expect(await call(at(grpcTarget), envelope([protobufSpan()]))).toMatchObject({ code: 8, retryAfterSeconds: 1 })
})

test('a stop answers the calls that wait for the disk, and stores their rows', async () => {
  const { ingest, grpcTarget } = await start()
  let release = (): void => undefined
  ingest.files.gate = new Promise((resolve) => (release = resolve))
  const waiting = call(at(grpcTarget), envelope([protobufSpan()]))
  await expect.poll(() => ingest.files.log).toContain('write')
  const closed = ingest.close()
  open.length = 0
  expect(await call(at(grpcTarget), envelope([protobufSpan()]), { timeoutMs: 5000 })).toMatchObject({ code: 14 })
  release()
  expect(await waiting).toMatchObject({ code: 0 })
  await closed
  expect(ingest.store.rows).toHaveLength(1)
})

test('a port that is taken is named, with the variable that moves it', async () => {
  const { grpcTarget } = await start()
  const port = Number(grpcTarget.split(':')[1])
  const other = await otlpServer()
  open.push(other)
  await expect(other.listenGrpc(port)).rejects.toThrow(`port ${port} on 127.0.0.1 cannot be listened on; set INGEST_GRPC_PORT`)
})
