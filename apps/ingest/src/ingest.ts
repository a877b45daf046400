import { hostname } from 'node:os'
import { createClickHouse } from '@ballast/clickhouse'
import { createHttpServer, listen, type ServiceContext, SettingsError } from '@ballast/service'
import type { IngestConfig } from './config.ts'
import { clickHouseProbe } from './database/clickhouse-probe.ts'
import { DatabaseMonitor } from './database/database-monitor.ts'
import type { Journal } from './journal/journal.ts'
import { journalFiles } from './journal/journal-files.ts'
import { lockJournal } from './journal/journal-lock.ts'
import { LedgerWriter } from './ledger/ledger-writer.ts'
import { GrpcServer } from './otlp-grpc/grpc-server.ts'
import { readOrigins } from './otlp-http/cors.ts'
import { registerOtlpRoutes } from './otlp-http/routes.ts'
import { createPipeline } from './pipeline.ts'
import { readRedaction } from './redaction.ts'
import { connectRedis } from './redis.ts'
import { readAuthentication } from './tenants/read-authentication.ts'
import { readTenantPolicies } from './tenants/tenant-policies.ts'
import { readTls } from './tls.ts'

const LOOPBACK = /^(127(\.\d{1,3}){3}|::1|localhost)$/

/** An ingest that runs. */
export interface Ingest {
  readonly httpPort: number
  readonly grpcPort: number
  /** What is accepted and not stored. */
  readonly journal: Pick<Journal, 'segments'>
}

/**
 * Starts ingest. ClickHouse may be away: requests are accepted into the journal and stored when it is back.
 *
 * @throws SettingsError when it would be open to other machines without keys, or a file or the journal's folder that a setting names cannot be used.
 */
export async function startIngest({ config, log, health, metrics, lifecycle }: ServiceContext<IngestConfig>): Promise<Ingest> {
  refuseOpenDoor(config)
  const tls = readTls(config)
  const redaction = readRedaction(config)
  const now = (): number => Date.now()
  const random = (): number => Math.random()

  const client = createClickHouse({
    url: config.clickhouseUrl,
    database: config.clickhouseDatabase,
    username: config.clickhouseUser,
    password: config.clickhousePassword,
    requestTimeoutMs: config.insertTimeoutMs,
    // A segment may have an insert for each table.
    maxConnections: config.insertConcurrency * 8,
    application: 'ballast-ingest',
  })
  lifecycle.onShutdown('clickhouse client', () => client.close())
  const redis = connectRedis(config, (error) => log.warn({ err: error }, 'Redis is away: each replica is on its own'))
  lifecycle.onShutdown('redis', () => redis?.disconnect())
  const authentication = readAuthentication({ config, client, redis, now, onError: (error) => log.warn({ err: error }, error.message) })
  lifecycle.onShutdown('keys', () => authentication.close())

  const monitor = new DatabaseMonitor({
    probe: clickHouseProbe(client, {
      runMigrations: config.migrate,
      onMigrated: (applied) => log.info({ applied }, applied.length === 0 ? 'tables are up to date' : 'tables were updated'),
    }),
    random,
    onChange(state) {
      if (state.kind === 'ready') log.info('ClickHouse takes inserts')
      else log.warn({ state: state.kind }, `ClickHouse does not take inserts: ${state.reason}`)
    },
  })
  // Ready means that requests can be accepted durably, and that does not need ClickHouse.
  health.check('clickhouse', () => monitor.check(), { required: false })
  monitor.start()
  lifecycle.onShutdown('database monitor', () => monitor.stop())

  const unlock = lockJournal(config.journalDir)
  lifecycle.onShutdown('journal lock', unlock)
  const files = await journalFiles(config.journalDir)
  const pipeline = await createPipeline({
    config,
    files,
    store: client,
    database: monitor,
    authenticate: authentication.authenticate,
    policies: readTenantPolicies(config, (error) => log.warn({ err: error }, error.message), now),
    redis,
    redaction,
    onStress: (factor, load) => log.warn({ factor, load }, factor === 1 ? 'sampling is as it is set again' : `sampling is ${factor} times as coarse: there is too much to do`),
    onCardinalityLimit: (key) => log.warn({ ...key, maxValues: config.cardinalityMaxValues }, 'a key has too many values'),
    onViewRefused: (error) => log.error({ err: error }, 'a materialized view refuses rows: its table has them, the view has not'),
    onSetAside: ({ id }, reason) => log.error({ segment: id, reason }, `a segment of the journal is set aside; its file is kept as ${id}.corrupt`),
    now,
    random,
  })
  const { segments, tornBytes, unreadable } = pipeline.journal.recovered
  if (segments.length > 0 || tornBytes > 0) log.info({ segments: segments.length, bytes: pipeline.journal.bytes, tornBytes }, 'the journal holds what was accepted before')
  for (const { file, reason } of unreadable) log.error({ file, reason }, 'an open segment of the journal cannot be read, and is set aside')
  const ledgerWriter = new LedgerWriter({ ledger: pipeline.ledger, client, instance: `${hostname()}-${process.pid}-${now().toString(36)}`, oldestAtMs: pipeline.oldestAtMs, now })
  ledgerWriter.start()
  lifecycle.onShutdown('ledger', (signal) => ledgerWriter.stop(signal))
  health.check('journal', () => pipeline.journal.check())
  lifecycle.onShutdown('pipeline', (signal) => pipeline.drain(signal))

  const server = createHttpServer({ log, health, metrics, bodyLimitBytes: config.maxBodyBytes, ...(tls !== undefined && { tls }) })
  await registerOtlpRoutes(server, { ...pipeline, receiptRoute: { ...pipeline, authenticate: authentication.authenticate, files, client }, corsOrigins: readOrigins(config.corsOrigins) })
  const grpc = new GrpcServer({
    ...pipeline,
    maxBodyBytes: config.maxBodyBytes,
    tls,
    onInternalError: (error, { signal }) => log.error({ err: error, signal }, 'gRPC call failed'),
  })
  lifecycle.onShutdown('servers', (signal) => Promise.all([server.close(), grpc.close(signal)]))
  const httpPort = await listen(server, { host: config.host, port: config.port, variable: 'INGEST_PORT' })
  const grpcPort = await grpc.listen(config.host, config.grpcPort)
  log.info({ host: config.host, httpPort, grpcPort, tls: tls !== undefined }, 'taking OTLP')
  return { httpPort, grpcPort, journal: pipeline.journal }
}

/** Without keys anybody who reaches the port may write, so it is open to this machine alone. */
function refuseOpenDoor({ host, apiKeysFile, apiKeysTable }: IngestConfig): void {
  if (apiKeysFile === '' && !apiKeysTable && !LOOPBACK.test(host)) {
    throw new SettingsError('SETTING_INVALID', [
      `INGEST_HOST is ${JSON.stringify(host)}, which other machines can reach, but there are no API keys: set INGEST_API_KEYS_FILE or INGEST_API_KEYS_TABLE, or listen on 127.0.0.1.`,
    ])
  }
}
