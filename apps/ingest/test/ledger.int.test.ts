import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { span, traces } from './otlp-server.ts'
import { runIngest, type RunningIngest } from './running-ingest.ts'

let ingest: RunningIngest

beforeAll(async () => {
  ingest = await runIngest({ clickhouseUrl: inject('clickhouseUrl'), database: `ingest_ledger_${process.pid}` })
  await ingest.untilReady()
})

afterAll(() => ingest.clean())

const fresh = (part: object = {}): object => span('work', { startTimeUnixNano: `${Date.now()}000000`, endTimeUnixNano: `${Date.now()}000009`, ...part })

test('what became of every record is in ClickHouse after a stop, as the tables have it; a receipt says stored; the lag is measured', async () => {
  const answer = await ingest.post('/v1/traces', traces(fresh(), fresh(), fresh({ spanId: '' })))
  expect(answer.status).toBe(200)
  const repeated = { 'content-type': 'application/json', 'idempotency-key': 'once' }
  const body = traces(fresh())
  for (let turn = 0; turn < 2; turn++) expect((await ingest.post('/v1/traces', body, repeated)).status).toBe(200)
  await ingest.settled()
  const receipt = answer.headers.get('x-ballast-receipt')!
  expect(await (await fetch(`${ingest.url}/v1/receipts/${receipt}`)).json()).toEqual({ id: receipt, state: 'stored' })
  const metrics = await ingest.metrics.text()
  expect(metrics).toMatch(/^ballast_ingest_lag_seconds_count\{.*signal="traces".*\} 3$/m)
  expect(metrics).toMatch(/^ballast_ingest_lag_seconds_bucket\{.*signal="traces".*le="60"\} 3$/m)
  const [{ spans }] = (await ingest.rows('SELECT count() AS spans FROM otel_traces')) as [{ spans: string }]
  expect(await ingest.lifecycle.shutdown()).toBe(true)
  const sums = 'Requests, Received, Stored, Sampled, Rejected, Refused, Deduplicated'.split(', ').map((column) => `sum(${column}) AS ${column}`).join(', ')
  const rows = await ingest.clickhouse.query({ query: `SELECT TenantId, Signal, ${sums}, sum(Bytes) > 100 AS metered, argMax(InJournal, Time) AS InJournal, argMax(Difference, Time) AS Difference FROM ballast_ingest_ledger GROUP BY TenantId, Signal` })
  expect(rows).toEqual([{ TenantId: 'default', Signal: 'traces', Requests: '3', Received: '5', Stored: spans, Sampled: '0', Rejected: '1', Refused: '0', Deduplicated: '1', metered: 1, InJournal: '0', Difference: '0' }])
  expect(spans).toBe('3')
})
