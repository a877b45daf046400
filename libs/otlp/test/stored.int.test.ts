import { type ClickHouse, createClickHouse, migrate } from '@ballast/clickhouse'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { transcodeLogs, transcodeTraces } from '../src/index.ts'
import { logRequests, RECORDS, traceRequests } from '../bench/requests.ts'

let client: ClickHouse
const options = { tenantId: 'acme', receivedAtUnixNano: 1n, encoding: 'protobuf' } as const

beforeAll(async () => {
  client = createClickHouse({ url: inject('clickhouseUrl'), database: `otlp_${process.pid}` })
  await migrate({ client })
})

afterAll(async () => {
  await client.command({ query: `DROP DATABASE IF EXISTS ${client.database}` })
  await client.close()
})

test('ClickHouse has every row and value of the Native blocks of traces and logs, each once', async () => {
  // Young, because tables drop what is older than their retention.
  const start = BigInt(Date.now()) * 1_000_000n
  const traces = traceRequests(3, start).flatMap((body) => transcodeTraces(body, options).blocks)
  const logs = logRequests(2, start).flatMap((body) => transcodeLogs(body, options).blocks)
  for (const [blocks, name] of [[traces, 'traces'], [logs, 'logs']] as const) {
    const { table, columns, format } = blocks[0]!
    const body = blocks.map((block) => block.body)
    // Twice with one token, as a retry does.
    for (let attempt = 0; attempt < 2; attempt++) await client.insertBlock({ table, columns, format, body, deduplicationToken: name })
  }
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
