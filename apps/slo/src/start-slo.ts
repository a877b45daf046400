import { createClickHouse } from '@ballast/clickhouse'
import { type ConfigOf, createHttpServer, listen, type ServiceContext } from '@ballast/service'
import { AlertBook } from './alert/alert-book.ts'
import { readTierCatalog } from './burn/tier-catalog.ts'
import { CacheHitsReader } from './clickhouse/cache-hits.ts'
import { ChangeStore } from './clickhouse/change-store.ts'
import { EventLog } from './clickhouse/event-log.ts'
import { RollUpStore } from './clickhouse/roll-up-store.ts'
import { SpanStore } from './clickhouse/span-store.ts'
import type { settings } from './config.ts'
import { ChangeKeeper } from './corrections/change-keeper.ts'
import { Engine } from './engine.ts'
import { attemptCounter, registerGauges } from './gauges.ts'
import { addRoutes } from './http/routes.ts'
import { isRowIndicator } from './measure/indicator.ts'
import { Measurement } from './measure/measurement.ts'
import { LogNotifier } from './notify/log-notifier.ts'
import { parseWebhookSecret } from './notify/signature.ts'
import { WebhookNotifier } from './notify/webhook-notifier.ts'
import { ObjectiveFolder } from './openslo/objective-folder.ts'
import { Ticker } from './ticker.ts'

/** Trace ids that an alert carries at most. */
const EXAMPLE_TRACES = 5

/** Starts the SLO engine: it evaluates from now on, whether ClickHouse answers already or not. */
export async function startSlo({ config, log, health, metrics, lifecycle }: ServiceContext<ConfigOf<typeof settings>>): Promise<void> {
  const catalog = readTierCatalog(config.tiersFile)
  const key = config.webhookSecret === '' ? undefined : parseWebhookSecret(config.webhookSecret)
  const clickhouse = createClickHouse({
    url: config.clickhouseUrl,
    database: config.clickhouseDatabase,
    username: config.clickhouseUser,
    password: config.clickhousePassword,
    requestTimeoutMs: config.queryTimeoutMs,
    application: 'ballast-slo',
  })
  const readOnly = config.sqlUser === '' ? clickhouse : createClickHouse({ url: config.clickhouseUrl, database: config.clickhouseDatabase, username: config.sqlUser, password: config.sqlPassword, requestTimeoutMs: config.queryTimeoutMs, application: 'ballast-slo-sql' })
  lifecycle.onShutdown('clickhouse', () => Promise.all([...new Set([clickhouse, readOnly])].map((client) => client.close())).then(() => undefined))

  const store = new SpanStore({ clickhouse, readOnly, timeoutMs: config.queryTimeoutMs })
  const notifier =
    config.webhookUrl === ''
      ? new LogNotifier(log)
      : new WebhookNotifier({ url: config.webhookUrl, key, timeoutMs: config.webhookTimeoutMs, log, onAttempt: attemptCounter() })
  const alerts = new AlertBook({
    log,
    alertLog: new EventLog(clickhouse),
    notifier,
    recordTimeoutMs: config.queryTimeoutMs,
    // From the short window: it burns too, or there would be no alert, and its events are the newest and the fewest.
    exampleTraces: async ({ objective: { indicator } }, { short }) => {
      if (!isRowIndicator(indicator)) return []
      const toMs = Date.now()
      const fromMs = toMs - config.ingestLagMs - short.window.ms
      return store.exampleTraces({ indicator, fromMs, toMs, limit: EXAMPLE_TRACES, signal: AbortSignal.timeout(config.queryTimeoutMs) })
    },
  })
  lifecycle.onShutdown('alert delivery', () => alerts.close())

  const measurement = new Measurement({
    store,
    rollUp: new RollUpStore(clickhouse, { bucketMs: catalog.bucket.ms, timeoutMs: config.queryTimeoutMs }),
    bucketMs: catalog.bucket.ms,
    ingestLagMs: config.ingestLagMs,
    finalAfterMs: config.finalAfterMs,
    rescanMs: config.rescanMs,
    scanTimeoutMs: config.queryTimeoutMs,
    pastBudgetMs: config.tickMs,
  })
  const engine = new Engine({ source: new ObjectiveFolder(config.dir, catalog), measurement, alerts, changes: new ChangeKeeper(new ChangeStore(clickhouse), catalog.bucket.ms), log, restoreTimeoutMs: config.queryTimeoutMs })
  registerGauges(engine, alerts, measurement)

  health.check('clickhouse', (signal) => store.ping(signal))
  health.check('evaluation', () => engine.checkFresh(3 * config.tickMs + config.queryTimeoutMs))
  const server = createHttpServer({ log, health, metrics })
  addRoutes(server, engine, alerts, new CacheHitsReader(clickhouse))
  lifecycle.onShutdown('http server', () => server.close())
  const port = await listen(server, { host: config.host, port: config.port, variable: 'SLO_PORT' })
  log.info({ host: config.host, port, objectives: config.dir, webhook: config.webhookUrl !== '' }, 'listening')

  const ticker = new Ticker()
  lifecycle.onShutdown('ticker', () => ticker.stop())
  ticker.start(config.tickMs, (signal) => engine.tick(signal))
}
