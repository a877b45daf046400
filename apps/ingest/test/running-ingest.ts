import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ClickHouse, createClickHouse } from '@ballast/clickhouse'
import { createLogger, Health, Lifecycle, type Metrics, startMetrics } from '@ballast/service'
import { vi } from 'vitest'
import { settings } from '../src/config.ts'
import { startIngest } from '../src/ingest.ts'

/** The whole of ingest, in this process, over a database of its own. */
export interface RunningIngest {
  readonly url: string
  /** Host and port of OTLP/gRPC. */
  readonly grpcTarget: string
  /** A client past any proxy. */
  readonly clickhouse: ClickHouse
  readonly metrics: Metrics
  readonly lifecycle: Lifecycle
  post(path: string, body: string | Uint8Array, headers?: Record<string, string>): Promise<Response>
  ready(): Promise<{ status: string; checks: Record<string, { ok: boolean; message?: string }> }>
  /** Waits until `/readyz` says that all is well, ClickHouse included; throws with its last answer when it does not in 20 s. */
  untilReady(): Promise<void>
  /** Waits until all that was accepted is stored. */
  settled(): Promise<void>
  /** Rows of one query, after all that was accepted is stored. */
  rows(query: string): Promise<readonly Record<string, unknown>[]>
  /** Stops ingest and drops its database. */
  clean(): Promise<void>
}

export interface RunningIngestOptions {
  /** ClickHouse itself. */
  readonly clickhouseUrl: string
  /** What ingest is told; the same by default. */
  readonly seenUrl?: string
  readonly database: string
  readonly env?: Readonly<Record<string, string>>
  /** Folder of the journal; one of its own by default. */
  readonly journalDir?: string
}

export async function runIngest({ clickhouseUrl, seenUrl = clickhouseUrl, database, env = {}, journalDir = mkdtempSync(join(tmpdir(), 'ballast-journal-')) }: RunningIngestOptions): Promise<RunningIngest> {
  const log = createLogger('ingest', 'silent')
  const metrics = startMetrics('ingest')
  const lifecycle = new Lifecycle(log, 10_000)
  const config = settings.read({ INGEST_PORT: '0', INGEST_GRPC_PORT: '0', INGEST_BATCH_MAX_AGE: '20ms', INGEST_JOURNAL_DIR: journalDir, CLICKHOUSE_URL: seenUrl, CLICKHOUSE_DATABASE: database, ...env })
  const { httpPort, grpcPort, journal } = await startIngest({ config, log, health: new Health({ cacheMs: 0 }), metrics, lifecycle })
  const url = `${config.tlsCertFile === '' ? 'http' : 'https'}://127.0.0.1:${httpPort}`
  const clickhouse = createClickHouse({ url: clickhouseUrl, database })
  const ready: RunningIngest['ready'] = async () => (await fetch(`${url}/readyz`)).json() as ReturnType<RunningIngest['ready']>
  const settled: RunningIngest['settled'] = () =>
    vi.waitFor(
      () => {
        if (journal.segments > 0) throw new Error(`${journal.segments} segments are not stored`)
      },
      { timeout: 20_000, interval: 10 },
    )
  return {
    url,
    grpcTarget: `127.0.0.1:${grpcPort}`,
    clickhouse,
    metrics,
    lifecycle,
    post: (path, body, headers = { 'content-type': 'application/json' }) => fetch(url + path, { method: 'POST', body: typeof body === 'string' ? body : Buffer.from(body), headers }),
    ready,
    untilReady: () =>
      vi.waitFor(
        async () => {
          const answer = await ready()
          if (answer.status !== 'ready' || answer.checks['clickhouse']?.ok !== true) throw new Error(`ingest is not ready: ${JSON.stringify(answer)}`)
        },
        { timeout: 20_000 },
      ),
    settled,
    async rows(query) {
      await settled()
      return clickhouse.query<Record<string, unknown>>({ query })
    },
    async clean() {
      await lifecycle.shutdown()
      await metrics.shutdown()
      rmSync(journalDir, { recursive: true, force: true })
      const admin = clickhouse.withDatabase('default')
      // A migration that ingest had begun may make one more table.
      await vi.waitFor(() => admin.command({ query: `DROP DATABASE IF EXISTS ${database}` }), { timeout: 10_000, interval: 50 })
      await Promise.all([admin.close(), clickhouse.close()])
    },
  }
}
