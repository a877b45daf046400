import { afterEach, expect, test } from 'vitest'
import { IdempotencyKeys } from '../src/idempotency/idempotency-keys.ts'
import { type OtlpServer, otlpServer, span, traces } from './otlp-server.ts'

const open: OtlpServer[] = []
afterEach(async () => {
  for (const server of open.splice(0)) await server.close()
})

const headers = { 'content-type': 'application/json', 'idempotency-key': 'k' }

test('a repeat gets the answer of the first and is not stored again; the same key with another body is 422', async () => {
  const ingest = await otlpServer()
  open.push(ingest)
  const post = (payload: string, more = {}) => ingest.server.inject({ method: 'POST', url: '/v1/traces', payload, headers: { ...headers, ...more } })
  const body = traces(span('once'), span('bad', { spanId: '' }))
  const [first, second] = await Promise.all([post(body), post(body)])
  const third = await post(body)
  expect(first.statusCode).toBe(200)
  expect(first.json()).toMatchObject({ partialSuccess: { rejectedSpans: '1' } })
  expect([second.body, second.headers['x-ballast-receipt']]).toEqual([first.body, first.headers['x-ballast-receipt']])
  expect([third.body, third.headers['x-ballast-receipt']]).toEqual([first.body, first.headers['x-ballast-receipt']])
  const other = await post(traces(span('other')))
  expect([other.statusCode, other.json<{ code: number }>().code]).toEqual([422, 3])
  expect((await post(traces(span('other')), { 'idempotency-key': 'k2' })).statusCode).toBe(200)
  await ingest.settled()
  expect(ingest.store.rows.map((row) => String(row['SpanName'] ?? '')).filter(Boolean).toSorted()).toEqual(['once', 'other'])
  const sums = await Promise.all(['received', 'stored', 'rejected', 'deduplicated'].map((name) => ingest.count(`ballast_ingest_records_${name}_total`)))
  expect(sums).toEqual([7, 2, 1, 4])
})

test('what failed may be sent again with the same key, and a key is forgotten after its window', async () => {
  let now = 0
  const keys = new IdempotencyKeys({ windowMs: 1_000, redis: undefined, now: () => now })
  const outcome = { tenantId: 't', accepted: 1, rejected: 0, rejectedReasons: [], firstReject: '', warnings: [] }
  const taken: string[] = []
  const take = (name: string) => () => {
    taken.push(name)
    return Promise.resolve(outcome)
  }
  await expect(keys.once('t', 'k', 'a', () => Promise.reject(new Error('full')))).rejects.toThrow('full')
  expect(await keys.once('t', 'k', 'a', take('again'))).toEqual({ outcome, isRepeat: false })
  expect(await keys.once('t', 'k', 'a', take('repeat'))).toEqual({ outcome, isRepeat: true })
  await keys.once('another', 'k', 'b', take('another tenant'))
  now = 1_000
  await keys.once('t', 'k', 'b', take('later'))
  expect(taken).toEqual(['again', 'another tenant', 'later'])
})
