import { createClickHouse } from '@ballast/clickhouse'
import { createHttpServer, listen, type ServiceContext, SettingsError } from '@ballast/service'
import { Admission } from './admission.ts'
import { BatchWriter } from './batch/batch-writer.ts'
import { Batchers } from './batch/batchers.ts'
import type { IngestConfig } from './config.ts'
import { createCounters } from './counters.ts'
import { clickHouseProbe } from './database/clickhouse-probe.ts'
import { DatabaseMonitor } from './database/database-monitor.ts'
import { DEFAULT_TENANT, readKeys } from './keys.ts'
import { ExportHandler } from './otlp-http/export-handler.ts'
import { registerOtlpRoutes } from './otlp-http/routes.ts'

const LOOPBACK = /^(127(\.\d{1,3}){3}|::1|localhost)$/

/** Wires ingest together and starts it. ClickHouse may be away: ingest starts, refuses, and recovers by itself. */
export async function startIngest({ config, log, health, metrics, lifecycle }: ServiceContext<IngestConfig>): Promise<void> {
  refuseOpenDoor(config)
  const tenantOf = config.apiKeysFile === '' ? () => DEFAULT_TENANT : readKeys(config.apiKeysFile)
  const { now, random } = { now: () => Date.now(), random: () => Math.random() }

  const client = createClickHouse({
    url: config.clickhouseUrl,
    database: config.clickhouseDatabase,
    username: config.clickhouseUser,
    password: config.clickhousePassword,
    requestTimeoutMs: config.insertDeadlineMs,
    maxConnections: config.insertConcurrency * 4,
    application: 'ballast-ingest',
  })
  lifecycle.onShutdown('clickhouse client', () => client.close())

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
  health.check('clickhouse', () => monitor.check())
  monitor.start()
  lifecycle.onShutdown('database monitor', () => monitor.stop())

  const admission = new Admission(config.maxQueuedBytes)
  const counters = createCounters(() => admission.bytes)
  const stopping = new AbortController()
  const writer = new BatchWriter({
    store: client,
    counters,
    onAttempt(error, attempt) {
      // One failure may be a blip that the next attempt mends; from the second on, new requests need not wait for it.
      if (error === undefined || attempt > 1 || !error.retryable || error.code === 'OUT_OF_SPACE') monitor.report(error)
    },
    attemptTimeoutMs: config.insertDeadlineMs / 2,
    now,
    random,
    signal: stopping.signal,
  })
  const batches = new Batchers({
    maxRows: config.batchMaxRows,
    maxBytes: config.batchMaxBytes,
    maxAgeMs: config.batchMaxAgeMs,
    concurrency: config.insertConcurrency,
    deadlineMs: config.insertDeadlineMs,
    now,
    write: (blocks, deadline) => writer.write(blocks, deadline),
  })

  const server = createHttpServer({ log, health, metrics, bodyLimitBytes: config.maxBodyBytes })
  const handler = new ExportHandler({
    tenantOf,
    admission,
    counters,
    maxBodyBytes: config.maxBodyBytes,
    database: () => monitor.state,
    maxQueuedAgeMs: config.insertDeadlineMs / 2,
    batches,
    now,
  })
  await registerOtlpRoutes(server, { handler, counters })
  lifecycle.onShutdown('http server', async (signal) => {
    // Everybody who waits is answered: after the insert, or, past the shutdown's deadline, with a 503.
    signal.addEventListener('abort', () => stopping.abort(), { once: true })
    batches.drain()
    await server.close()
  })
  const port = await listen(server, { host: config.host, port: config.port, variable: 'INGEST_PORT' })
  log.info({ host: config.host, port }, 'taking OTLP over HTTP')
}

/** Without keys anybody who reaches the port may write, so it is open to this machine alone. */
function refuseOpenDoor({ host, apiKeysFile }: IngestConfig): void {
  if (apiKeysFile === '' && !LOOPBACK.test(host)) {
    throw new SettingsError('SETTING_INVALID', [
      `INGEST_HOST is ${JSON.stringify(host)}, which other machines can reach, but there are no API keys: set INGEST_API_KEYS_FILE, or listen on 127.0.0.1.`,
    ])
  }
}
