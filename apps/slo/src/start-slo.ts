import { createClickHouse } from '@ballast/clickhouse'
import { type ConfigOf, createHttpServer, listen, type ServiceContext } from '@ballast/service'
import { readTierCatalog } from './burn/tier-catalog.ts'
import { CacheHitsReader } from './clickhouse/cache-hits.ts'
import { ChangeStore } from './clickhouse/change-store.ts'
import { EventLog } from './clickhouse/event-log.ts'
import { GroupFinder } from './clickhouse/group-finder.ts'
import { RollUpStore } from './clickhouse/roll-up-store.ts'
import { SpanStore } from './clickhouse/span-store.ts'
import type { settings } from './config.ts'
import { ChangeKeeper } from './corrections/change-keeper.ts'
import { addConsole } from './console/console-routes.ts'
import { Engine } from './engine.ts'
import { deliveryCounters, registerGauges } from './gauges.ts'
import { addRoutes } from './http/routes.ts'
import { slothSeries } from './http/sloth-series.ts'
import { Leadership } from './leader/leadership.ts'
import { openCoordination } from './leader/open-coordination.ts'
import { Measurement } from './measure/measurement.ts'
import { GroupedObjectives } from './objective/grouped-objectives.ts'
import { ObjectiveFolder } from './openslo/objective-folder.ts'
import { RecentProofs } from './proof/recent-proofs.ts'
import { TraceReader } from './proof/trace-reader.ts'
import { startAlerting } from './start-alerting.ts'
import { Ticker } from './ticker.ts'

/** Replicas begin to tick within this share of a tick. */
const START_JITTER = 0.1

/** A lease that ended before the next tick would change hands all the time. */
const MIN_LEASE_TICKS = 2

/** A page waits no longer for a part of it. Milliseconds. */
const PAGE_TIMEOUT_MS = 5000

/** Starts the SLO engine: it evaluates from now on, whether ClickHouse and Redis answer already or not. */
export async function startSlo({ config, log, health, metrics, lifecycle }: ServiceContext<ConfigOf<typeof settings>>): Promise<void> {
  const catalog = readTierCatalog(config.tiersFile)
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
  const coordination = await openCoordination({ url: config.redisUrl, database: config.clickhouseDatabase, leaseMs: Math.max(config.leaseMs, MIN_LEASE_TICKS * config.tickMs), log })
  lifecycle.onShutdown('redis', () => coordination.close())
  const leadership = new Leadership({ lease: coordination.lease, log })
  lifecycle.onShutdown('leadership', () => leadership.resign())

  const history = new EventLog(clickhouse, () => (leadership.role.kind === 'leading' ? leadership.role.token : 0))
  const alerting = startAlerting({ config, log, lifecycle, clickhouse, history, store: coordination.store, leadership, rules: catalog.alerts, count: deliveryCounters() })

  const store = new SpanStore({ clickhouse, readOnly, timeoutMs: config.queryTimeoutMs })
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
  const source = new GroupedObjectives({ source: new ObjectiveFolder(config.dir, catalog, alerting.targets), groups: new GroupFinder(clickhouse, config.queryTimeoutMs), bucketMs: catalog.bucket.ms, ingestLagMs: config.ingestLagMs })
  const engine = new Engine({ source, measurement, alerts: alerting.book, changes: new ChangeKeeper(new ChangeStore(clickhouse), catalog.bucket.ms), log })
  registerGauges({ engine, alerts: alerting.book, measurement, ledger: alerting.ledger, leadership })

  health.check('clickhouse', (signal) => store.ping(signal))
  health.check('evaluation', () => engine.checkFresh(3 * config.tickMs + config.queryTimeoutMs))
  const server = createHttpServer({ log, health, metrics: { text: async () => (await metrics.text()) + slothSeries(engine.state.evaluations) } })
  const { book, ledger, holdBack, prover } = alerting
  const parts = { engine, alerts: book, caches: new CacheHitsReader(clickhouse), history: measurement }
  addRoutes(server, { ...parts, ledger, holdBack, store: coordination.store, token: config.apiToken })
  addConsole(server, { ...parts, proofs: new RecentProofs(prover), past: (objective) => history.past(objective, PAGE_TIMEOUT_MS), traces: new TraceReader(clickhouse, PAGE_TIMEOUT_MS) })
  lifecycle.onShutdown('http server', () => server.close())
  const port = await listen(server, { host: config.host, port: config.port, variable: 'SLO_PORT' })
  log.info({ host: config.host, port, objectives: config.dir, targets: alerting.targets, redis: config.redisUrl !== '' }, 'listening')

  const ticker = new Ticker()
  lifecycle.onShutdown('ticker', () => ticker.stop())
  ticker.start(config.tickMs, (signal) => engine.tick(signal), Math.random() * START_JITTER * config.tickMs)
}
