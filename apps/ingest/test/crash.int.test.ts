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
const KILLS = LONG ? 100 : 8
/** What is killed, in turn. */
const VICTIMS = [['ingest'], ['ingest'], ['clickhouse'], ['ingest'], ['ingest', 'clickhouse'], ['ingest'], ['ingest'], ['ingest']] as const

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
  const ingestEnv = { INGEST_PORT: String(ingestPort), INGEST_GRPC_PORT: '0', INGEST_JOURNAL_DIR: join(dir, 'journal'), INGEST_BATCH_MAX_AGE: '40ms', INGEST_CARDINALITY_MODE: 'off', CLICKHOUSE_URL: clickhouseUrl, LOG_LEVEL: 'warn' }
  start = {
    clickhouse: () => startApp({ app: 'clickhouse-embedded', env: { CLICKHOUSE_EMBEDDED_PORT: String(clickhousePort), CLICKHOUSE_EMBEDDED_DATA_DIR: join(dir, 'clickhouse'), LOG_LEVEL: 'warn' } }),
    ingest: () => startApp({ app: 'ingest', env: ingestEnv }),
  }
  apps.set('clickhouse', await start.clickhouse())
  clickhouse = createClickHouse({ url: clickhouseUrl, database: 'otel' })
  await migrate({ client: clickhouse })
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

async function spansByName(query: string): Promise<ReadonlyMap<string, string>> {
  return new Map((await clickhouse.query<{ name: string; n: string }>({ query })).map(({ name, n }) => [name, n]))
}

/** Names that are not as often in `found` as they must be: lost, doubled, or never acknowledged. */
function differences(found: ReadonlyMap<string, string>, expected: ReadonlyMap<string, string>): string[] {
  const all = new Set([...found.keys(), ...expected.keys()])
  return [...all].filter((name) => found.get(name) !== expected.get(name)).map((name) => `${name}: ${found.get(name) ?? 0}, not ${expected.get(name) ?? 0}`)
}

const segments = async (): Promise<string | undefined> => /^ballast_ingest_journal_segments\{[^}]*\} (\d+)$/m.exec(await (await fetch(`${ingestUrl}/metrics`)).text())?.[1]

test(`after ${KILLS} times SIGKILL of ingest, of ClickHouse and of both, every acknowledged span is stored exactly once and nothing else is, behind views as well`, { timeout: LONG ? 3_600_000 : 300_000 }, async () => {
  client = startRetryingClient(ingestUrl, 6)
  for (let round = 0; round < KILLS; round++) {
    // At any point of its life: while it replays, between an insert and the removal of its segment, in an fsync.
    await delay(Math.random() * 400)
    const victims = VICTIMS[round % VICTIMS.length]!
    await Promise.all(victims.map(kill))
    await Promise.all(victims.map(async (name) => apps.set(name, await start[name]())))
  }
  await client.stop()
  await vi.waitFor(async () => expect(await segments()).toBe('0'), { timeout: 60_000, interval: 50 })

  expect(client.wrong).toEqual([])
  expect(client.repeated()).toBeGreaterThan(0)
  const names = await spansByName('SELECT SpanName AS name, toString(count()) AS n FROM otel_traces GROUP BY name')
  const once = new Map([...client.acknowledged].map((name) => [name, '1']))
  expect(differences(names, once)).toEqual([])
  // Roll-ups that views feed: from the rows, and from the roll-up before.
  for (const rollUp of ['ballast_red_minute', 'ballast_red_hour']) {
    expect([rollUp, differences(await spansByName(`SELECT SpanName AS name, toString(sum(Spans)) AS n FROM ${rollUp} GROUP BY name`), once)]).toEqual([rollUp, []])
  }
  if (LONG) process.stdout.write(`crash: ${KILLS} kills, ${client.acknowledged.size} spans acknowledged, ${client.repeated()} requests repeated\n`)
})
