import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { freePort } from '../../../scripts/stack/free-port.ts'
import { type AppProcess, startApp } from '../../../scripts/stack/app-process.ts'
import { span, traces } from './otlp-server.ts'

const dir = mkdtempSync(join(tmpdir(), 'ballast-noisy-'))
const QUOTA_BYTES = 64 * 1024
const ROUNDS = 5
const REQUESTS = 60
let ingest: AppProcess
let url: string

beforeAll(async () => {
  const port = await freePort()
  url = `http://127.0.0.1:${port}`
  const hash = (key: string): string => createHash('sha256').update(key).digest('hex')
  writeFileSync(join(dir, 'keys.json'), JSON.stringify({ [hash('noisy')]: 'noisy', [hash('quiet')]: 'quiet' }))
  writeFileSync(join(dir, 'tenants.json'), JSON.stringify({ noisy: { bytesPerSecond: QUOTA_BYTES, burst: 1, burstMs: 1000 } }))
  ingest = await startApp({
    app: 'ingest',
    env: { INGEST_PORT: String(port), INGEST_GRPC_PORT: '0', INGEST_JOURNAL_DIR: join(dir, 'journal'), INGEST_API_KEYS_FILE: join(dir, 'keys.json'), INGEST_TENANTS_FILE: join(dir, 'tenants.json'), CLICKHOUSE_URL: inject('clickhouseUrl'), CLICKHOUSE_DATABASE: `ingest_noisy_${process.pid}`, LOG_LEVEL: 'warn' },
  })
})

afterAll(async () => {
  await ingest.stop()
  rmSync(dir, { recursive: true, force: true })
})

const bodyOf = (bytes: number): string => traces(span('x'.repeat(bytes), { startTimeUnixNano: `${Date.now()}000000` }))
const send = async (key: string, body: string): Promise<number> => {
  const answer = await fetch(`${url}/v1/traces`, { method: 'POST', body, headers: { 'content-type': 'application/json', 'x-api-key': key } })
  await answer.arrayBuffer()
  return answer.status
}

/** The 99th percentile of the quiet tenant's requests, milliseconds: with so few, the second longest. */
async function quietP99(): Promise<number> {
  const times: number[] = []
  for (let at = 0; at < REQUESTS; at++) {
    const startedAt = performance.now()
    if ((await send('quiet', bodyOf(2_000))) !== 200) throw new Error('a request of the quiet tenant was refused')
    times.push(performance.now() - startedAt)
  }
  return times.toSorted((a, b) => a - b).at(-2)!
}

/** Sends 50 times the quota, evenly, until it is stopped; tells how requests were answered. */
async function noise(stopped: () => boolean): Promise<Map<number, number>> {
  const body = bodyOf(32 * 1024)
  const answers = new Map<number, number>()
  const underway = new Set<Promise<void>>()
  const startedAt = performance.now()
  for (let sent = 0; !stopped(); ) {
    const due = Math.floor(((performance.now() - startedAt) / 1000) * 50 * (QUOTA_BYTES / body.length))
    for (; sent < due && underway.size < 50; sent++) {
      const one: Promise<void> = send('noisy', body).then((status) => {
        answers.set(status, (answers.get(status) ?? 0) + 1)
        underway.delete(one)
      })
      underway.add(one)
    }
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  await Promise.all(underway)
  return answers
}

test('a tenant at 50 times its quota is refused what is over it, and leaves the others’ p99 within 1.5 times of alone', { timeout: 120_000 }, async () => {
  await quietP99()
  const ratios: number[] = []
  const answered = new Map<number, number>()
  for (let round = 0; round < ROUNDS; round++) {
    const alone = await quietP99()
    let done = false
    const noisy = noise(() => done)
    const beside = await quietP99()
    done = true
    for (const [status, count] of await noisy) answered.set(status, (answered.get(status) ?? 0) + count)
    ratios.push(beside / alone)
  }
  const median = ratios.toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)]!
  process.stdout.write(`p99 beside a noisy tenant against alone, by round: ${ratios.map((each) => each.toFixed(2)).join(' ')}; answers to the noisy one: ${JSON.stringify([...answered])}\n`)
  expect([...answered.keys()].toSorted()).toEqual([200, 429])
  expect(answered.get(429)!).toBeGreaterThan(10 * answered.get(200)!)
  expect(median).toBeLessThan(1.5)
})
