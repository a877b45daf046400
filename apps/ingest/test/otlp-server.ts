import type { ClickHouse } from '@ballast/clickhouse'
import type { Redaction } from '@ballast/otlp'
import { createHttpServer, createLogger, Health, type Metrics, startMetrics } from '@ballast/service'
import type { FastifyInstance } from 'fastify'
import { vi } from 'vitest'
import type { DatabaseState } from '../src/database/database-monitor.ts'
import { GrpcServer } from '../src/otlp-grpc/grpc-server.ts'
import { registerOtlpRoutes } from '../src/otlp-http/routes.ts'
import { type Authenticate, withoutKeys } from '../src/tenants/authenticate.ts'
import type { TenantPolicy } from '../src/tenants/tenant-policies.ts'
import { createPipeline, type Pipeline, type PipelineConfig } from '../src/pipeline.ts'
import { FakeStore } from './fake-store.ts'
import { MemoryFiles } from './memory-files.ts'

/** The HTTP side of ingest over a journal and a store in memory. */
export interface OtlpServer {
  readonly server: FastifyInstance
  readonly files: MemoryFiles
  readonly store: FakeStore
  readonly metrics: Metrics
  readonly pipeline: Pipeline
  /** What the database is said to be; set by reports as well. */
  database: { state: DatabaseState }
  /** Value of one counter, summed over the label sets that contain `labels`. */
  count(name: string, labels?: string): Promise<number>
  /** Starts OTLP/gRPC as well, on a free port by default. */
  listenGrpc(port?: number): Promise<number>
  /** Waits until nothing is left in the journal. */
  settled(): Promise<void>
  close(): Promise<void>
}

const YEAR_MS = 366 * 86_400_000

const defaults: PipelineConfig = {
  maxBodyBytes: 1024 * 1024,
  maxQueuedBytes: 4 * 1024 * 1024,
  turnWindowBytes: 4 * 1024 * 1024,
  turnMaxWaitMs: 5_000,
  idempotencyWindowMs: 600_000,
  sampleKeepSlowMs: 1_000,
  stressMaxFactor: 1,
  requestEvents: 0,
  requestEventsTenant: 'default',
  maxValueBytes: 1024 * 1024,
  maxLogBodyBytes: 1024 * 1024,
  maxAttributes: 1000,
  cardinalityMode: 'replace',
  cardinalityMaxValues: 10_000,
  cardinalityWindowMs: 3_600_000,
  batchMaxRows: 1000,
  batchMaxBytes: 1024 * 1024,
  batchMaxAgeMs: 5,
  insertConcurrency: 2,
  insertTimeoutMs: 2000,
  journalMaxBytes: 8 * 1024 * 1024,
  journalMaxAgeMs: 60_000,
  // Any time that a table can hold: what tests send is of a fixed time.
  maxRecordAgeMs: 100 * YEAR_MS,
  maxRecordAheadMs: 100 * YEAR_MS,
}

export interface OtlpServerExtras {
  readonly corsOrigins?: ReadonlySet<string>
  readonly redaction?: Redaction
  readonly policy?: Partial<TenantPolicy>
  /** What ClickHouse answers to queries. */
  readonly query?: ClickHouse['query']
}

export async function otlpServer(config: Partial<PipelineConfig> = {}, authenticate: Authenticate = withoutKeys, { corsOrigins = new Set(), redaction, policy, query = () => Promise.resolve([]) }: OtlpServerExtras = {}): Promise<OtlpServer> {
  const metrics = startMetrics('ingest')
  const files = new MemoryFiles()
  const store = new FakeStore()
  const database = {
    state: { kind: 'ready' } as DatabaseState,
    report(error: { message: string; code: string } | undefined): void {
      database.state = error === undefined ? { kind: 'ready' } : { kind: 'down', reason: error.message, code: error.code }
    },
  }
  const everybody: TenantPolicy = { weight: 1, bytesPerSecond: 0, recordsPerSecond: 0, burst: 1, burstMs: 1_000, sampleRate: 1, ...policy }
  const pipeline = await createPipeline({ config: { ...defaults, ...config }, files, store, database, authenticate, policies: { of: () => everybody }, redaction, onStress: () => undefined, onSetAside: () => undefined, onViewRefused: () => undefined, now: () => Date.now(), random: () => 0 })
  const server = createHttpServer({ log: createLogger('ingest', 'silent'), health: new Health(), metrics })
  await registerOtlpRoutes(server, { ...pipeline, receiptRoute: { ...pipeline, authenticate, files, client: { query } }, corsOrigins })
  const grpc = new GrpcServer({ ...pipeline, maxBodyBytes: config.maxBodyBytes ?? defaults.maxBodyBytes, tls: undefined, onInternalError: () => undefined })
  return {
    server,
    files,
    store,
    metrics,
    pipeline,
    database,
    async count(name, labels = '') {
      const lines = (await metrics.text()).split('\n').filter((line) => line.startsWith(`${name}{`) && line.includes(labels))
      return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
    },
    listenGrpc: (port = 0) => grpc.listen('127.0.0.1', port),
    settled: () =>
      vi.waitFor(
        () => {
          if (pipeline.journal.segments > 0) throw new Error(`${pipeline.journal.segments} segments are not stored`)
        },
        { timeout: 5_000, interval: 2 },
      ),
    async close() {
      await Promise.all([server.close(), grpc.close(AbortSignal.timeout(10_000))])
      await pipeline.drain(AbortSignal.timeout(1000))
      await metrics.shutdown()
    },
  }
}

/** A span in OTLP's JSON. */
export const span = (name = 'work', part: object = {}): object => ({
  traceId: 'a'.repeat(32),
  spanId: 'b'.repeat(16),
  name,
  startTimeUnixNano: '1700000000000000000',
  endTimeUnixNano: '1700000000000000009',
  ...part,
})

/** A request with these spans. */
export const traces = (...spans: object[]): string => JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] })
