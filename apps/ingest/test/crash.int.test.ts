import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type ClickHouse, createClickHouse, migrate } from '@ballast/clickhouse'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type AppProcess, startApp } from '../../../scripts/stack/app-process.ts'
import { freePort } from '../../../scripts/stack/free-port.ts'
import { type RetryingClient, startRetryingClient } from './retrying-client.ts'

const LONG = process.env['BALLAST_TEST_LONG'] === '1'
const KILLS = LONG ? 100 : 10
/** What is killed, in turn. */
const VICTIMS = [['ingest'], ['ingest'], ['ingest'], ['clickhouse'], ['ingest', 'clickhouse']] as const

type Name = 'ingest' | 'clickhouse'

const dir = mkdtempSync(join(tmpdir(), 'ballast-crash-'))
const apps = new Map<Name, AppProcess>()
let start: Readonly<Record<Name, () => Promise<AppProcess>>>
let clickhouse: ClickHouse
let ingestUrl: string
let client: RetryingClient

beforeAll(async () => {
  const [clickhousePort, ingestPort] = [await freePort(), await freePort()]
  const clickhouseUrl = `http://127.0.0.1:${clickhousePort}`
  ingestUrl = `http://127.0.0.1:${ingestPort}`
  const ingestEnv = { INGEST_PORT: String(ingestPort), INGEST_GRPC_PORT: '0', INGEST_JOURNAL_DIR: join(dir, 'journal'), INGEST_BATCH_MAX_AGE: '40ms', CLICKHOUSE_URL: clickhouseUrl, LOG_LEVEL: 'warn' }
  start = {
    clickhouse: () => startApp({ app: 'clickhouse-embedded', env: { CLICKHOUSE_EMBEDDED_PORT: String(clickhousePort), CLICKHOUSE_EMBEDDED_DATA_DIR: join(dir, 'clickhouse'), LOG_LEVEL: 'warn' } }),
    ingest: () => startApp({ app: 'ingest', env: ingestEnv }),
  }
  apps.set('clickhouse', await start.clickhouse())
  clickhouse = createClickHouse({ url: clickhouseUrl, database: 'otel' })
  await migrate({ client: clickhouse })
  await clickhouse.command({ query: 'CREATE TABLE crash_counts (Name String, Spans UInt64) ENGINE = SummingMergeTree ORDER BY Name SETTINGS non_replicated_deduplication_window = 10000' })
  await clickhouse.command({ query: 'CREATE MATERIALIZED VIEW crash_counts_mv TO crash_counts AS SELECT SpanName AS Name, count() AS Spans FROM otel_traces GROUP BY Name' })
  apps.set('ingest', await start.ingest())
}, 120_000)

afterAll(async () => {
  await clickhouse.close()
  for (const name of ['ingest', 'clickhouse'] as const) await apps.get(name)?.stop()
  rmSync(dir, { recursive: true, force: true })
})

async function kill(name: Name): Promise<void> {
  const app = apps.get(name)
  if (app === undefined) return
  apps.delete(name)
  const exited = once(app.process, 'exit')
  app.process.kill('SIGKILL')
  await exited
}

const segments = async (): Promise<string | undefined> => /^ballast_ingest_journal_segments\{[^}]*\} (\d+)$/m.exec(await (await fetch(`${ingestUrl}/metrics`)).text())?.[1]

test(`after ${KILLS} times SIGKILL of ingest, of ClickHouse and of both, every acknowledged span is stored exactly once, behind a view as well`, { timeout: LONG ? 3_600_000 : 300_000 }, async () => {
  client = startRetryingClient(ingestUrl, 6)
  for (let round = 0; round < KILLS; round++) {
    // At any point of its life: while it replays, between an insert and the removal of its segment, in an fsync.
    await delay(Math.random() * 400)
    const victims = VICTIMS[round % VICTIMS.length]!
    await Promise.all(victims.map(kill))
    for (const name of victims) apps.set(name, await start[name]())
  }
  await client.stop()
  await vi.waitFor(async () => expect(await segments()).toBe('0'), { timeout: 60_000, interval: 50 })

  expect(client.wrong).toEqual([])
  expect(client.repeated()).toBeGreaterThan(0)
  const stored = await clickhouse.query<{ SpanName: string; n: string }>({ query: 'SELECT SpanName, count() AS n FROM otel_traces GROUP BY SpanName' })
  const counted = await clickhouse.query<{ Name: string; n: string }>({ query: 'SELECT Name, sum(Spans) AS n FROM crash_counts GROUP BY Name' })
  const names = new Set(stored.map(({ SpanName }) => SpanName))
  const report = {
    lost: [...client.acknowledged].filter((name) => !names.has(name)),
    neverAcknowledged: [...names].filter((name) => !client.acknowledged.has(name)),
    twice: stored.filter(({ n }) => n !== '1'),
    countedWrong: counted.filter(({ n }) => n !== '1'),
    counted: counted.length,
  }
  expect(report).toEqual({ lost: [], neverAcknowledged: [], twice: [], countedWrong: [], counted: client.acknowledged.size })
  if (LONG) process.stdout.write(`crash: ${KILLS} kills, ${client.acknowledged.size} spans acknowledged, ${client.repeated()} requests repeated\n`)
})
