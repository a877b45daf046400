import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type ClickHouse, createClickHouse, migrate, tableNames } from '@ballast/clickhouse'
import { transcodeTraces } from '@ballast/otlp'
import { RECORDS, traceRequests } from '../../../libs/otlp/bench/requests.ts'
import { type AppProcess, startApp } from '../../../scripts/stack/app-process.ts'
import { freePort } from '../../../scripts/stack/free-port.ts'
import { type LoadOptions, type LoadResult, sendLoad } from './generator.ts'
import { cpuMicroseconds, peakMemoryMiB } from './process-usage.ts'
import type { BenchRow } from '../../../scripts/bench-row.ts'

const KEYS = ['key of acme', 'key of globex', 'key of initech']
const CONNECTIONS = 16
/** Distinct requests, sent again and again. */
const REQUESTS = 128
/** Requests of one insert when ClickHouse is fed directly: as many rows as a full segment has. */
const REQUESTS_AN_INSERT = 128
/** How far ClickHouse steps back behind ingest, as a machine that both have to themselves is set up: the README says what it does. */
const NICE = '10'
const INGEST = 'ingest'
const DIRECT = 'ClickHouse, the same blocks without ingest'

/** Everything of one run: ClickHouse, ingest before it, and how to stop them. */
interface Place {
  readonly dir: string
  readonly url: string
  readonly client: ClickHouse
  readonly clickhouse: AppProcess
  readonly ingest: AppProcess
}

/** `npm run bench -- ingest` */
export const bench = {
  name: 'ingest',
  summary: 'ingest end to end: journal with fsync, redaction and tenants on, ClickHouse and the senders on the same machine',
  async run({ quick, report }: { quick: boolean; report: (row: BenchRow) => void }): Promise<void> {
    const seconds = quick ? 6 : 20
    const place = await start()
    try {
      const bodies = traceRequests(REQUESTS, BigInt(Date.now()) * 1_000_000n)
      const direct = await directly(place, bodies, quick ? 4 : 10)
      await load(place, { bodies, seconds: 2 })
      const most = await load(place, { bodies, seconds })
      report({ case: 'stored, from the first request to the last row', subject: INGEST, value: most.storedPerSecond, unit: 'spans/s', ratio: most.storedPerSecond / direct, against: DIRECT })
      report({ case: 'stored, from the first request to the last row', subject: DIRECT, value: direct, unit: 'spans/s' })
      report({ case: 'acknowledged', subject: INGEST, value: most.acknowledgedPerSecond, unit: 'spans/s' })
      report({ case: 'processor', subject: INGEST, value: most.ingestMicroseconds, unit: 'µs/span' })
      report({ case: 'processor', subject: 'ClickHouse', value: most.clickhouseMicroseconds, unit: 'µs/span' })
      const half = await load(place, { bodies, seconds, rate: most.storedPerSecond / RECORDS / 2 })
      report({ case: 'acknowledged in, at half the stored rate, median', subject: INGEST, value: percentile(half.latenciesMs, 0.5), unit: 'ms' })
      report({ case: 'acknowledged in, at half the stored rate, p99', subject: INGEST, value: percentile(half.latenciesMs, 0.99), unit: 'ms' })
      report({ case: 'fsync of the journal meanwhile, mean', subject: INGEST, value: half.fsyncMs, unit: 'ms' })
      report({ case: 'memory at most', subject: INGEST, value: peakMemoryMiB(place.ingest.process.pid!), unit: 'MiB' })
    } finally {
      await place.client.close()
      await place.ingest.stop()
      await place.clickhouse.stop()
      rmSync(place.dir, { recursive: true, force: true })
    }
  },
}

async function start(): Promise<Place> {
  const dir = mkdtempSync(join(tmpdir(), 'ballast-bench-ingest-'))
  const [clickhousePort, ingestPort] = [await freePort(), await freePort()]
  const clickhouseUrl = `http://127.0.0.1:${clickhousePort}`
  const keysFile = join(dir, 'keys.json')
  writeFileSync(keysFile, JSON.stringify(Object.fromEntries(KEYS.map((key) => [createHash('sha256').update(key).digest('hex'), key.slice('key of '.length)]))))
  const clickhouse = await startApp({ app: 'clickhouse-embedded', env: { CLICKHOUSE_EMBEDDED_PORT: String(clickhousePort), CLICKHOUSE_EMBEDDED_DATA_DIR: join(dir, 'clickhouse'), CLICKHOUSE_EMBEDDED_NICE: NICE, LOG_LEVEL: 'warn' } })
  const client = createClickHouse({ url: clickhouseUrl, database: 'bench', requestTimeoutMs: 300_000 })
  await migrate({ client })
  const env = { INGEST_PORT: String(ingestPort), INGEST_GRPC_PORT: '0', INGEST_API_KEYS_FILE: keysFile, INGEST_JOURNAL_DIR: join(dir, 'journal'), CLICKHOUSE_URL: clickhouseUrl, CLICKHOUSE_DATABASE: 'bench', LOG_LEVEL: 'warn' }
  const ingest = await startApp({ app: 'ingest', env })
  return { dir, url: `http://127.0.0.1:${ingestPort}`, client, clickhouse, ingest }
}

/** Rows a second that ClickHouse takes of the same spans when nothing else is done: what ingest could reach at most. */
async function directly({ client }: Place, bodies: readonly Uint8Array[], inserts: number): Promise<number> {
  const blocks = bodies.slice(0, REQUESTS_AN_INSERT).map((body) => transcodeTraces(body, { encoding: 'protobuf', tenantId: 'direct', receivedAtUnixNano: 1n }).blocks[0]!)
  const { table, columns, format } = blocks[0]!
  const insert = (token: string): Promise<unknown> => client.insertBlock({ table, columns, format, body: blocks.map(({ body }) => body), deduplicationToken: token })
  await insert('first')
  const startedAt = performance.now()
  for (let index = 0; index < inserts; index += 2) await Promise.all([insert(`direct ${index}`), insert(`direct ${index + 1}`)])
  return (inserts * REQUESTS_AN_INSERT * RECORDS * 1000) / (performance.now() - startedAt)
}

interface Loaded {
  readonly storedPerSecond: number
  readonly acknowledgedPerSecond: number
  readonly ingestMicroseconds: number
  readonly clickhouseMicroseconds: number
  readonly latenciesMs: LoadResult['latenciesMs']
  /** Mean time of an fsync of the journal, milliseconds. */
  readonly fsyncMs: number
}

/** Sends a load, waits until all of it is stored, and makes sure that it is there. */
async function load(place: Place, options: Pick<LoadOptions, 'bodies' | 'seconds' | 'rate'>): Promise<Loaded> {
  const { url, client, clickhouse, ingest } = place
  const pids = [ingest.process.pid!, clickhouse.process.pid!]
  const rowsBefore = await countRows(client)
  const before = await metricsOf(url)
  const cpuBefore = pids.map(cpuMicroseconds)
  const startedAt = performance.now()
  const result = await sendLoad({ url, keys: KEYS, connections: CONNECTIONS, ...options })
  while ((await metricsOf(url)).segments !== 0) await delay(50)
  const seconds = (performance.now() - startedAt) / 1000
  const [ingestCpu, clickhouseCpu] = pids.map((pid, index) => cpuMicroseconds(pid) - cpuBefore[index]!)
  const after = await metricsOf(url)
  const spans = result.acknowledged * RECORDS
  const stored = (await countRows(client)) - rowsBefore
  if (stored !== spans) throw new Error(`${spans} spans were acknowledged, ${stored} are stored`)
  return {
    storedPerSecond: spans / seconds,
    acknowledgedPerSecond: spans / result.seconds,
    ingestMicroseconds: ingestCpu! / spans,
    clickhouseMicroseconds: clickhouseCpu! / spans,
    latenciesMs: result.latenciesMs,
    fsyncMs: ((after.fsyncSeconds - before.fsyncSeconds) * 1000) / (after.fsyncs - before.fsyncs),
  }
}

async function countRows(client: ClickHouse): Promise<number> {
  const [row] = await client.query<{ n: string }>({ query: `SELECT count() AS n FROM ${tableNames.traces}` })
  return Number(row!.n)
}

/** What ingest says of its journal: segments that are not stored, and how often and how long it waited for the disk. */
async function metricsOf(url: string): Promise<{ readonly segments: number; readonly fsyncs: number; readonly fsyncSeconds: number }> {
  const text = await (await fetch(`${url}/metrics`)).text()
  const value = (name: string): number => Number(new RegExp(`^ballast_ingest_journal_${name}\\{[^}]*\\} (\\S+)$`, 'm').exec(text)?.[1] ?? 0)
  return { segments: value('segments'), fsyncs: value('fsync_seconds_count'), fsyncSeconds: value('fsync_seconds_sum') }
}

const percentile = (ascending: readonly number[], share: number): number => ascending[Math.min(ascending.length - 1, Math.floor(ascending.length * share))]!
