import type { ChildProcess } from 'node:child_process'
import { createWriteStream, mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { withProgress } from '../progress.mjs'
import { startApp } from './app-process.ts'
import { accepts, answers, becomesReady } from './health-probe.ts'
import { migrateClickHouse } from './migrations.ts'
import { type Pager, startPager } from './pager.ts'
import type { WantedPort } from './ports.ts'
import { startRedis } from './redis.ts'
import type { RunRecord } from './run-record.ts'
import type { StackConfig } from './settings.ts'

/** Time that a part has to become ready; after it the start goes on, and the table says what is not well. Milliseconds. */
const READY_WITHIN_MS = 15_000

/** One row of the table of what runs. */
export interface Component {
  readonly name: string
  readonly url: string
  /** Answers 200 when the component is well. Absent for what is not asked over HTTP. */
  readonly readyUrl?: string
}

export interface StackOptions {
  readonly config: StackConfig
  /** With the demo services and their traffic. */
  readonly shop: boolean
  readonly record: RunRecord
  /** Called when a part stops that nobody asked to stop. */
  readonly onUnexpectedStop: (message: string) => void
  /** Called with one line for each alert that is delivered here. */
  readonly onAlert: (line: string) => void
}

/** The ports that `npm start` needs, each with the variable that moves it. */
export function wantedPorts(config: StackConfig, shop: boolean): WantedPort[] {
  return [
    ...(config.redisUrl === '' ? [{ name: 'Redis', port: config.redisPort, variable: 'REDIS_PORT' }] : []),
    ...(config.clickhouseUrl === '' ? [{ name: 'embedded ClickHouse', port: config.clickhousePort, variable: 'CLICKHOUSE_EMBEDDED_PORT' }] : []),
    { name: 'ingest', port: config.ingestPort, variable: 'INGEST_PORT' },
    { name: 'ingest (gRPC)', port: config.ingestGrpcPort, variable: 'INGEST_GRPC_PORT' },
    { name: 'slo', port: config.sloPort, variable: 'SLO_PORT' },
    ...(shop
      ? [
          { name: 'shop storefront', port: config.storefrontPort, variable: 'SHOP_STOREFRONT_PORT' },
          { name: 'shop catalog', port: config.catalogPort, variable: 'SHOP_CATALOG_PORT' },
          { name: 'shop checkout', port: config.checkoutPort, variable: 'SHOP_CHECKOUT_PORT' },
          { name: 'shop traffic', port: config.trafficPort, variable: 'SHOP_TRAFFIC_PORT' },
        ]
      : []),
  ]
}

/**
 * Everything that runs on one machine: started from the bottom up, stopped from the top down.
 */
export class Stack {
  readonly components: Component[] = []
  readonly #options: StackOptions
  readonly #stateDir: string
  readonly #stops: { readonly name: string; readonly stop: () => Promise<void> }[] = []
  #stopping = false

  constructor(options: StackOptions) {
    this.#options = options
    this.#stateDir = resolve(options.config.stateDir)
    mkdirSync(join(this.#stateDir, 'logs'), { recursive: true })
  }

  get clickhouseUrl(): string {
    const { clickhouseUrl, clickhousePort } = this.#options.config
    return clickhouseUrl === '' ? loopback(clickhousePort) : clickhouseUrl
  }

  /** Where apps send their metrics. The shop sends its own with its spans and events, as any service does. */
  get #metricsUrl(): string {
    const { metricsUrl, ingestPort } = this.#options.config
    return metricsUrl === '' ? `${loopback(ingestPort)}/v1/metrics` : metricsUrl
  }

  /** @throws Error with a sentence for a person when a part does not start; what did start is still to be stopped. */
  async start(): Promise<void> {
    const { config, shop } = this.#options
    const redisUrl = await this.#redis()
    await this.#clickhouse()
    await this.#step('Tables and migrations', () => migrateClickHouse(config, this.clickhouseUrl))
    const shared = { CLICKHOUSE_URL: this.clickhouseUrl, REDIS_URL: redisUrl, OTEL_EXPORTER_OTLP_ENDPOINT: loopback(config.ingestPort) }
    await this.#app('ingest', 'ingest (OTLP/HTTP)', config.ingestPort, {
      ...shared,
      INGEST_PORT: String(config.ingestPort),
      INGEST_GRPC_PORT: String(config.ingestGrpcPort),
      INGEST_JOURNAL_DIR: join(this.#stateDir, 'ingest'),
    })
    this.components.push({ name: 'ingest (OTLP/gRPC)', url: loopback(config.ingestGrpcPort), readyUrl: `${loopback(config.ingestPort)}/readyz` })
    const webhook = config.sloWebhookUrl === '' ? await this.#pager() : config.sloWebhookUrl
    await this.#app('slo', 'slo (API and console)', config.sloPort, { ...shared, SLO_PORT: String(config.sloPort), SLO_WEBHOOK_URL: webhook })
    if (shop) await this.#shop(shared)
  }

  /** Stops every part in order, last started first. */
  async stop(): Promise<void> {
    if (this.#stopping) return
    this.#stopping = true
    for (const { name, stop } of this.#stops.toReversed()) await withProgress(`Stopping ${name}`, stop)
    this.#options.record.clear()
  }

  async #redis(): Promise<string> {
    const { config, record } = this.#options
    if (config.redisUrl !== '') {
      await this.#step('Redis (given by REDIS_URL)', () => accepts(config.redisUrl, 6379, 'REDIS_URL'))
      this.components.push({ name: 'Redis (given)', url: withoutCredentials(config.redisUrl) })
      return config.redisUrl
    }
    const redis = await this.#step('Redis', () => startRedis(config.redisPort, join(this.#stateDir, 'redis')))
    record.add('Redis', redis.process.pid)
    this.#watch('Redis', redis.process)
    this.#stops.push({ name: 'Redis', stop: redis.stop })
    this.components.push({ name: 'Redis', url: redis.url })
    return redis.url
  }

  async #clickhouse(): Promise<void> {
    const { config } = this.#options
    if (config.clickhouseUrl !== '') {
      await this.#step('ClickHouse (given by CLICKHOUSE_URL)', () => answers(new URL('/ping', config.clickhouseUrl).href, 'CLICKHOUSE_URL'))
      this.components.push({ name: 'ClickHouse (given)', url: withoutCredentials(config.clickhouseUrl), readyUrl: new URL('/ping', config.clickhouseUrl).href })
      return
    }
    await this.#app('clickhouse-embedded', 'ClickHouse (embedded)', config.clickhousePort, {
      CLICKHOUSE_EMBEDDED_PORT: String(config.clickhousePort),
      CLICKHOUSE_EMBEDDED_DATA_DIR: join(this.#stateDir, 'clickhouse'),
    })
  }

  async #shop(shared: Record<string, string>): Promise<void> {
    const { config } = this.#options
    const env = {
      ...shared,
      SHOP_DATA_DIR: join(this.#stateDir, 'shop'),
      SHOP_STOREFRONT_PORT: String(config.storefrontPort),
      SHOP_CATALOG_PORT: String(config.catalogPort),
      SHOP_CHECKOUT_PORT: String(config.checkoutPort),
      SHOP_TRAFFIC_PORT: String(config.trafficPort),
    }
    await this.#app('shop', 'shop catalog', config.catalogPort, env, 'src/catalog/main.ts')
    await this.#app('shop', 'shop checkout', config.checkoutPort, env, 'src/checkout/main.ts')
    await this.#app('shop', 'shop storefront', config.storefrontPort, env, 'src/storefront/main.ts')
    await this.#app('shop', 'shop traffic', config.trafficPort, env, 'src/traffic/main.ts')
  }

  async #pager(): Promise<string> {
    const pager: Pager = await startPager(this.#options.onAlert)
    this.#stops.push({ name: 'pager', stop: pager.stop })
    this.components.push({ name: 'pager (alerts show up here)', url: pager.url })
    return pager.url
  }

  async #app(app: string, name: string, port: number, env: Record<string, string>, entry?: string): Promise<void> {
    const logFile = createWriteStream(join(this.#stateDir, 'logs', `${name.replaceAll(/\W+/g, '-').replace(/-$/, '')}.log`))
    const readyUrl = `${loopback(port)}/readyz`
    await this.#step(name, async () => {
      const child = await startApp({ app, name, env: { ...env, OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: app === 'shop' ? '' : this.#metricsUrl }, ...(entry !== undefined && { entry }), onLine: (line) => logFile.write(`${line}\n`) })
      this.#options.record.add(name, child.process.pid)
      this.#watch(name, child.process, child.output)
      this.#stops.push({ name, stop: child.stop })
      await becomesReady(readyUrl, READY_WITHIN_MS)
    })
    this.components.push({ name, url: loopback(port), readyUrl })
  }

  /** Runs one step of the start unless the start was given up in the meantime. */
  async #step<T>(label: string, work: () => Promise<T>): Promise<T> {
    if (this.#stopping) throw new Error('stopped while starting')
    return withProgress(label, work)
  }

  #watch(name: string, child: ChildProcess, output?: () => string): void {
    child.once('exit', (code, signal) => {
      if (!this.#stopping) this.#options.onUnexpectedStop(`${name} stopped (${signal ?? `exit code ${code}`}).${output === undefined ? '' : `\n${output()}`}`)
    })
  }
}

function loopback(port: number): string {
  return `http://127.0.0.1:${port}`
}

function withoutCredentials(url: string): string {
  const parsed = new URL(url)
  parsed.username = ''
  parsed.password = ''
  return parsed.href
}
