import { afterEach, expect, test } from 'vitest'
import { byKey } from '../src/tenants/authenticate.ts'
import { knownKeys } from './known-keys.ts'
import { type OtlpServer, otlpServer, type OtlpServerExtras, span, traces } from './otlp-server.ts'

const open: OtlpServer[] = []
afterEach(async () => {
  for (const server of open.splice(0)) await server.close()
})

const key = { 'x-api-key': 'k' }
const keys = knownKeys({ k: { tenantId: 'acme' } })
const known = byKey([keys], () => 0)
/** Keys that must be asked for: nothing is known at once. */
const askedFor = byKey([{ find: (hash) => Promise.resolve(keys.find(hash)) }], () => 0)
const JSON_TYPE = { 'content-type': 'application/json' }

/** A server whose tenants have used up their quotas for hours with one request. */
async function start(authenticate = known, extras: OtlpServerExtras = {}, config: Parameters<typeof otlpServer>[0] = {}): Promise<OtlpServer> {
  const ingest = await otlpServer(config, authenticate, { policy: { bytesPerSecond: 0.01, burst: 1, burstMs: 1_000 }, ...extras })
  open.push(ingest)
  expect((await post(ingest)).statusCode).toBe(200)
  return ingest
}

const post = ({ server }: OtlpServer, headers: Record<string, string> = {}, path = '/v1/traces') => server.inject({ method: 'POST', url: path, payload: traces(span()), headers: { ...JSON_TYPE, ...key, ...headers } })

test.each([['known', known], ['asked for', askedFor]])('a tenant over its quota whose key is %s is told when to come again, and counted once', async (_, authenticate) => {
  const ingest = await start(authenticate)
  const answer = await post(ingest)
  expect([answer.statusCode, answer.headers['retry-after'], answer.headers['content-type']]).toEqual([429, '60', 'application/json'])
  expect(answer.json()).toMatchObject({ code: 8, details: [{ retryDelay: '60s' }] })
  expect((await post(ingest, {}, '/v1/events')).statusCode).toBe(429)
  expect(await ingest.count('ballast_ingest_requests_turned_away_total', 'tenant="acme"')).toBe(2)
  expect(await ingest.count('ballast_ingest_requests_total', 'code="429"')).toBe(2)
  expect(await ingest.count('ballast_ingest_requests_total', 'code="200"')).toBe(1)
})

test('what is wrong with a request is said before that there is no quota for it', async () => {
  const ingest = await start()
  expect((await post(ingest, { 'content-type': 'text/plain' })).statusCode).toBe(415)
  expect((await post(ingest, { 'content-encoding': 'lzma' })).statusCode).toBe(400)
  expect((await post(ingest, { 'x-api-key': 'another' })).statusCode).toBe(401)
  expect(await ingest.count('ballast_ingest_requests_turned_away_total')).toBe(0)
})

test('a page may read that it was refused, and when to come again', async () => {
  const answer = await post(await start(known, { corsOrigins: new Set(['https://shop.example']) }), { origin: 'https://shop.example' })
  expect([answer.statusCode, answer.headers['access-control-allow-origin'], answer.headers['access-control-expose-headers']]).toEqual([429, 'https://shop.example', expect.stringContaining('retry-after')])
})

test('a refusal is one event', async () => {
  const ingest = await start(known, {}, { requestEvents: 10, requestEventsTenant: 'self' })
  await post(ingest)
  const refused = () => ingest.store.rows.filter((row) => row['EventName'] === 'ingest.request' && row['SeverityText'] === 'WARN')
  await expect.poll(() => refused().length, { timeout: 10_000 }).toBe(1)
  expect(refused()[0]!['LogAttributes']).toContainEqual(['error.type', 'QUOTA_EXCEEDED'])
  expect(String(refused()[0]!['SampleRate'])).toBe('1')
})
