import { afterEach, expect, test } from 'vitest'
import { type OtlpServer, otlpServer, span, traces } from './otlp-server.ts'

const open: OtlpServer[] = []
afterEach(async () => {
  for (const server of open.splice(0)) await server.close()
})

test('each request is an event with its outcome, bounded and weighted; the events cause none, and the ledger has them', async () => {
  const ingest = await otlpServer({ requestEvents: 10, requestEventsTenant: 'self' })
  open.push(ingest)
  const post = (payload: string) => ingest.server.inject({ method: 'POST', url: '/v1/traces', payload, headers: { 'content-type': 'application/json' } })
  for (let at = 0; at < 15; at++) await post(traces(span()))
  await post('{')
  const events = () => ingest.store.rows.filter((row) => row['EventName'] === 'ingest.request')
  await expect.poll(() => events().reduce((sum, row) => sum + Number(row['SampleRate']), 0), { timeout: 10_000 }).toBeGreaterThanOrEqual(15)
  await ingest.settled()
  const failed = events().filter((row) => row['SeverityText'] === 'WARN')
  expect(failed.map((row) => [row['TenantId'], row['ServiceName'], row['SampleRate']].map(String))).toEqual([['self', 'ingest', '1']])
  expect(failed[0]!['LogAttributes']).toContainEqual(['error.type', 'BAD_REQUEST'])
  expect(events().length).toBeLessThanOrEqual(11)
  const before = events().length
  // Longer than the time between two writes: what they wrote would be an event by now.
  await new Promise((resolve) => setTimeout(resolve, 1_200))
  await ingest.settled()
  expect(events().length).toBe(before)
  expect(await ingest.count('ballast_ingest_records_received_total', 'tenant="self"')).toBe(before)
  expect(await ingest.count('ballast_ingest_records_stored_total', 'tenant="self"')).toBe(before)
})
