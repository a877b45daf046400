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
  /** Waits until `/readyz` says ready; throws with its last answer when it does not in 20 s. */
  untilReady(): Promise<void>
  /** Rows of one query. */
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
}

export async function runIngest({ clickhouseUrl, seenUrl = clickhouseUrl, database, env = {} }: RunningIngestOptions): Promise<RunningIngest> {
  const log = createLogger('ingest', 'silent')
  const metrics = startMetrics('ingest')
  const lifecycle = new Lifecycle(log, 10_000)
  const config = settings.read({ INGEST_PORT: '0', INGEST_GRPC_PORT: '0', INGEST_BATCH_MAX_AGE: '20ms', CLICKHOUSE_URL: seenUrl, CLICKHOUSE_DATABASE: database, ...env })
  const { httpPort, grpcPort } = await startIngest({ config, log, health: new Health({ cacheMs: 0 }), metrics, lifecycle })
  const url = `${config.tlsCertFile === '' ? 'http' : 'https'}://127.0.0.1:${httpPort}`
  const clickhouse = createClickHouse({ url: clickhouseUrl, database })
  const ready: RunningIngest['ready'] = async () => (await fetch(`${url}/readyz`)).json() as ReturnType<RunningIngest['ready']>
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
          if (answer.status !== 'ready') throw new Error(`ingest is not ready: ${JSON.stringify(answer)}`)
        },
        { timeout: 20_000 },
      ),
    rows: (query) => clickhouse.query<Record<string, unknown>>({ query }),
    async clean() {
      await lifecycle.shutdown()
      await metrics.shutdown()
      const admin = clickhouse.withDatabase('default')
      await admin.command({ query: `DROP DATABASE IF EXISTS ${database}` })
      await Promise.all([admin.close(), clickhouse.close()])
    },
  }
}
