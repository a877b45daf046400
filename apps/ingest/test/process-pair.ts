import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ClickHouse, createClickHouse, migrate } from '@ballast/clickhouse'
import { type AppProcess, startApp } from '../../../scripts/stack/app-process.ts'
import { freePort } from '../../../scripts/stack/free-port.ts'

export type ProcessName = 'ingest' | 'clickhouse'

/** Ingest and ClickHouse as processes of their own, which can be killed and started again. */
export interface ProcessPair {
  readonly url: string
  readonly clickhouse: ClickHouse
  readonly pid: (name: ProcessName) => number
  /** SIGKILL; resolves when it is gone. */
  kill(name: ProcessName): Promise<void>
  start(name: ProcessName): Promise<void>
  /** Segments of the journal that are not stored. */
  segments(): Promise<number>
  /** How often each trace and span id, put together, is stored. */
  spans(): Promise<ReadonlyMap<string, string>>
  /** The `n` of each `name` of a query. */
  counts(query: string): Promise<ReadonlyMap<string, string>>
  close(): Promise<void>
}

/** @param ingestEnv - settings of ingest beside ports and folders. */
export async function startPair(ingestEnv: Readonly<Record<string, string>>): Promise<ProcessPair> {
  const dir = mkdtempSync(join(tmpdir(), 'ballast-pair-'))
  const [clickhousePort, ingestPort] = [await freePort(), await freePort()]
  const clickhouseUrl = `http://127.0.0.1:${clickhousePort}`
  const url = `http://127.0.0.1:${ingestPort}`
  const env: Readonly<Record<ProcessName, Record<string, string>>> = {
    clickhouse: { CLICKHOUSE_EMBEDDED_PORT: String(clickhousePort), CLICKHOUSE_EMBEDDED_DATA_DIR: join(dir, 'clickhouse'), LOG_LEVEL: 'warn' },
    ingest: { INGEST_PORT: String(ingestPort), INGEST_GRPC_PORT: '0', INGEST_JOURNAL_DIR: join(dir, 'journal'), CLICKHOUSE_URL: clickhouseUrl, LOG_LEVEL: 'warn', ...ingestEnv },
  }
  const apps = new Map<ProcessName, AppProcess>()
  const start = async (name: ProcessName): Promise<void> => {
    apps.set(name, await startApp({ app: name === 'ingest' ? 'ingest' : 'clickhouse-embedded', env: env[name] }))
  }
  await start('clickhouse')
  const clickhouse = createClickHouse({ url: clickhouseUrl, database: 'otel' })
  await migrate({ client: clickhouse })
  await start('ingest')
  const counts: ProcessPair['counts'] = async (query) => new Map((await clickhouse.query<{ name: string; n: string }>({ query })).map(({ name, n }) => [name, n]))
  return {
    url,
    clickhouse,
    pid: (name) => apps.get(name)!.process.pid!,
    async kill(name) {
      const app = apps.get(name)!
      apps.delete(name)
      const exited = once(app.process, 'exit')
      app.process.kill('SIGKILL')
      await exited
    },
    start,
    async segments() {
      const text = await (await fetch(`${url}/metrics`)).text()
      return Number(/^ballast_ingest_journal_segments\{[^}]*\} (\d+)$/m.exec(text)?.[1])
    },
    spans: () => counts('SELECT concat(TraceId, SpanId) AS name, toString(count()) AS n FROM otel_traces GROUP BY name'),
    counts,
    async close() {
      await clickhouse.close()
      for (const name of ['ingest', 'clickhouse'] as const) await apps.get(name)?.stop()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

/** Names that are not as often in `found` as they must be: lost, doubled, or never acknowledged. */
export function differences(found: ReadonlyMap<string, string>, expected: ReadonlyMap<string, string>): string[] {
  const all = new Set([...found.keys(), ...expected.keys()])
  return [...all].filter((name) => found.get(name) !== expected.get(name)).map((name) => `${name}: ${found.get(name) ?? 0}, not ${expected.get(name) ?? 0}`)
}
