import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { span, traces } from './otlp-server.ts'
import { differences, type ProcessPair, startPair } from './process-pair.ts'
import { startRetryingClient } from './retrying-client.ts'

const LONG = process.env['BALLAST_TEST_LONG'] === '1'
const OUTAGE_MS = LONG ? 300_000 : 3_000
/** Less than what comes meanwhile, so that ingest has to refuse. */
const JOURNAL_BYTES = LONG ? 16 * 2 ** 20 : 2 ** 20
const MEMORY_BYTES = 512 * 2 ** 20
const VISIBLE_MS = 10_000

let pair: ProcessPair
beforeAll(async () => {
  pair = await startPair({ INGEST_JOURNAL_MAX_BYTES: String(JOURNAL_BYTES) })
}, 120_000)
afterAll(() => pair.close())

/** Most memory that ingest has held. */
const peakBytes = (): number => Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pair.pid('ingest')}/status`, 'utf8'))![1]) * 1024

const FRESH = { traceId: 'f'.repeat(32), spanId: 'e'.repeat(16) }

/** Sends a span that no other sender sends. */
async function accepted(): Promise<boolean> {
  const now = `${Date.now()}000000`
  const body = traces(span('fresh', { ...FRESH, startTimeUnixNano: now, endTimeUnixNano: now }))
  return (await fetch(`${pair.url}/v1/traces`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })).status === 200
}

test(`ClickHouse away for ${OUTAGE_MS / 1000} s under load: refusals are 429 and 503 alone, new data is seen within 10 s of its return, and nothing acknowledged is lost or doubled`, { timeout: OUTAGE_MS + 300_000 }, async () => {
  const client = startRetryingClient({ url: pair.url, senders: 8, pauseMs: 10 })
  await vi.waitFor(async () => expect((await pair.spans()).size).toBeGreaterThan(0), { timeout: 20_000, interval: 50 })
  await pair.kill('clickhouse')
  await delay(OUTAGE_MS)
  await vi.waitFor(() => expect(client.refused()).toBeGreaterThan(0), { timeout: 60_000, interval: 50 })
  await pair.start('clickhouse')
  const backAt = performance.now()
  await vi.waitFor(async () => expect(await accepted()).toBe(true), { timeout: 60_000, interval: 50 })
  await vi.waitFor(async () => expect(await pair.counts(`SELECT SpanName AS name, toString(count()) AS n FROM otel_traces WHERE SpanName = 'fresh' GROUP BY name`)).toEqual(new Map([['fresh', '1']])), { timeout: 60_000, interval: 50 })
  const visibleMs = performance.now() - backAt
  const segmentsLeft = await pair.segments()
  await client.stop()
  await vi.waitFor(async () => expect(await pair.segments()).toBe(0), { timeout: 200_000, interval: 100 })

  expect(visibleMs).toBeLessThan(VISIBLE_MS)
  expect(client.wrong).toEqual([])
  // Ingest itself was never away.
  expect(client.unanswered()).toBe(0)
  expect(peakBytes()).toBeLessThan(MEMORY_BYTES)
  const once = new Map([...client.acknowledged, FRESH.traceId + FRESH.spanId].map((id) => [id, '1']))
  expect(differences(await pair.spans(), once)).toEqual([])
  if (LONG) process.stdout.write(`outage: ${client.acknowledged.size} spans acknowledged, ${client.refused()} refusals, seen after ${Math.round(visibleMs)} ms with ${segmentsLeft} segments waiting, ${Math.round(peakBytes() / 2 ** 20)} MiB\n`)
})
