import { createHmac } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ClickHouse, tableNames } from '@ballast/clickhouse'
import { createLogger, Health, Lifecycle, startMetrics } from '@ballast/service'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest'
import { settings } from '../src/config.ts'
import { startSlo } from '../src/start-slo.ts'
import { getText, type Received, startReceiver, startWire } from './loopback.ts'
import { insertSpans, openDatabase } from './span-rows.ts'

const DATABASE = 'slo_engine'
const KEY = Buffer.alloc(32, 7)
/** Seconds in place of hours: the maths are the same. At 99 % over an hour the factor is 9, so 9 % bad is the limit. */
const TIERS = { bucket: '1s', tiers: [{ severity: 'page', budgetShare: '0.15', long: '60s', short: '20s' }] }
const WAIT = { timeout: 20_000, interval: 50 }

let dir: string
let port: number
let clickhouse: ClickHouse
let receiver: Awaited<ReturnType<typeof startReceiver>>
let wire: Awaited<ReturnType<typeof startWire>>
let running: { stop: () => Promise<void> } | undefined
let slo = ''
let tests = 0

interface Notification {
  readonly type: string
  readonly data: { readonly alertId: string; readonly slo: string; readonly tier: string; readonly bad: number; readonly total: number; readonly exampleTraceIds: string[]; readonly runbookUrl: string }
}

beforeAll(async () => {
  clickhouse = await openDatabase(inject('clickhouseUrl'), DATABASE)
})

afterAll(() => clickhouse.close())

beforeEach(async () => {
  tests += 1
  slo = `orders-${tests}`
  dir = await mkdtemp(join(tmpdir(), 'ballast-slo-'))
  await writeFile(join(dir, 'tiers.json'), JSON.stringify(TIERS))
  await writeFile(join(dir, 'orders.yaml'), objectiveFile())
  receiver = await startReceiver()
  wire = await startWire(new URL(inject('clickhouseUrl')))
  port = await freePort()
})

afterEach(async () => {
  await running?.stop()
  running = undefined
  await Promise.all([receiver.close(), wire.close(), rm(dir, { recursive: true, force: true })])
})

function objectiveFile(target = '0.99'): string {
  return `apiVersion: openslo/v1
kind: SLO
metadata: {name: ${slo}, annotations: {runbook-url: "https://runbooks.example/orders"}}
spec:
  service: checkout
  indicator: {spec: {ratioMetric: {good: {metricSource: {spec: {template: spans, statusNot: Error}}}, total: {metricSource: {spec: {template: spans, service: ${slo}}}}}}}
  timeWindow: [{duration: 1h, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{target: ${target}}]
---
apiVersion: openslo/v1
kind: Service
metadata: {name: checkout}
`
}

/** Starts the app as `main.ts` does, in this process. */
async function start(): Promise<void> {
  const config = settings.read({
    SLO_PORT: String(port),
    SLO_DIR: dir,
    SLO_TIERS_FILE: join(dir, 'tiers.json'),
    SLO_TICK: '100ms',
    SLO_INGEST_LAG: '50ms',
    SLO_QUERY_TIMEOUT: '5s',
    SLO_WEBHOOK_URL: receiver.url,
    SLO_WEBHOOK_SECRET: `whsec_${KEY.toString('base64')}`,
    CLICKHOUSE_URL: wire.url,
    CLICKHOUSE_DATABASE: DATABASE,
  })
  const log = createLogger('slo', 'silent')
  const lifecycle = new Lifecycle(log, 10_000)
  const metrics = startMetrics('slo')
  lifecycle.onShutdown('metrics', () => metrics.shutdown())
  running = {
    stop: async () => {
      running = undefined
      expect(await lifecycle.shutdown()).toBe(true)
    },
  }
  await startSlo({ config, log, health: new Health({ cacheMs: 0 }), metrics, lifecycle })
}

const spans = (count: number, status: string): Promise<void> => insertSpans(clickhouse, [{ atMs: Date.now(), service: slo, status }], count)
const notification = ({ body }: Received): Notification => JSON.parse(body) as Notification
/** What arrived about this test's objective: an engine also ends what a test before it left open. */
const mine = (): Received[] => receiver.received.filter((one) => notification(one).data.slo === slo)
const types = (): string[] => mine().map((one) => notification(one).type)

const get = (path: string): Promise<{ status: number; body: string }> => getText(`http://127.0.0.1:${port}${path}`)

/** Waits until the engine has measured `count` more times, or failed to. */
async function ticks(outcome: 'measured' | 'failed', count: number): Promise<void> {
  const read = async (): Promise<number> => Number(new RegExp(`ballast_slo_ticks_total\\{outcome="${outcome}"[^}]*\\} (\\d+)`).exec((await get('/metrics')).body)?.[1] ?? 0)
  const before = await read()
  await expect.poll(read, WAIT).toBeGreaterThanOrEqual(before + count)
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return address.port
}

describe('the SLO engine on ClickHouse', () => {
  test('tells a webhook that a fault began and ended, though the webhook first fails', async () => {
    receiver.answers.push({ status: 500 }, { status: 429, headers: { 'retry-after': '1' } })
    await spans(100, 'Ok')
    await start()
    const view = async (): Promise<unknown> => JSON.parse((await get(`/api/v1/objectives/${slo}`)).body)
    await expect.poll(view, WAIT).toMatchObject({ good: 100, total: 100, status: 'ok', budgetRemaining: 1, alert: null })
    expect(types()).toEqual([])

    await spans(100, 'Error')
    await expect.poll(types, WAIT).toEqual(['slo.alert.firing', 'slo.alert.firing', 'slo.alert.firing'])
    const [first, second, third] = mine()
    expect([second!.headers['webhook-id'], third!.headers['webhook-id']]).toEqual([first!.headers['webhook-id'], first!.headers['webhook-id']])
    expect(Number(third!.headers['webhook-timestamp'])).toBeGreaterThan(Number(second!.headers['webhook-timestamp']))
    const signed = `${String(third!.headers['webhook-id'])}.${String(third!.headers['webhook-timestamp'])}.${third!.body}`
    expect(third!.headers['webhook-signature']).toBe(`v1,${createHmac('sha256', KEY).update(signed).digest('base64')}`)
    const fired = notification(third!)
    expect(fired.data).toMatchObject({ slo, tier: '60s/20s', bad: 100, total: 200, runbookUrl: 'https://runbooks.example/orders' })
    expect(fired.data.exampleTraceIds).toHaveLength(5)
    await expect.poll(async () => JSON.parse((await get('/api/v1/alerts')).body) as unknown, WAIT).toMatchObject({ alerts: [{ slo, severity: 'page', state: 'firing', delivered: true }] })
    expect(JSON.parse((await get(`/api/v1/objectives/${slo}`)).body)).toMatchObject({ status: 'burning', alert: { severity: 'page' } })

    await spans(5000, 'Ok')
    await expect.poll(types, WAIT).toHaveLength(4)
    expect(notification(mine()[3]!)).toMatchObject({ type: 'slo.alert.resolved', data: { alertId: fired.data.alertId, resolution: 'recovered' } })
    const states = (): Promise<readonly unknown[]> =>
      clickhouse.query({ query: `SELECT State AS state, AlertId = {id:String} AS same FROM ${tableNames.sloEvents} WHERE Slo = {slo:String} ORDER BY EventTime`, params: { id: fired.data.alertId, slo } })
    await expect.poll(states, WAIT).toEqual([{ state: 'firing', same: 1 }, { state: 'resolved', same: 1 }])
  })

  test('neither repeats nor forgets an alert when it is restarted', async () => {
    await spans(100, 'Error')
    await start()
    await expect.poll(async () => (await get('/api/v1/alerts')).body, WAIT).toContain('"delivered":true')
    await running!.stop()
    await start()
    await ticks('measured', 3)
    expect(JSON.parse((await get('/api/v1/alerts')).body)).toMatchObject({ alerts: [{ slo, state: 'firing', delivered: true }] })
    expect(types()).toEqual(['slo.alert.firing'])
    await running!.stop()
    await spans(5000, 'Ok')
    await start()
    await expect.poll(types, WAIT).toEqual(['slo.alert.firing', 'slo.alert.resolved'])
    expect(notification(mine()[1]!).data.alertId).toBe(notification(mine()[0]!).data.alertId)
  })

  test('starts without ClickHouse, freezes alerts while it is away, and recovers by itself', async () => {
    wire.cut()
    await spans(100, 'Error')
    await start()
    await ticks('failed', 2)
    const { status, body } = await get('/readyz')
    expect(status).toBe(503)
    expect(JSON.parse(body)).toMatchObject({ checks: { clickhouse: { ok: false }, evaluation: { ok: false, message: expect.stringContaining('not measured yet') } } })
    expect((await get('/livez')).status).toBe(200)
    expect(types()).toEqual([])

    wire.mend()
    await expect.poll(types, WAIT).toEqual(['slo.alert.firing'])
    await expect.poll(async () => (await get('/readyz')).status, WAIT).toBe(200)
    await expect.poll(async () => (await get('/api/v1/alerts')).body, WAIT).toContain('"delivered":true')

    wire.cut()
    await spans(5000, 'Ok')
    await ticks('failed', 3)
    expect(types()).toEqual(['slo.alert.firing'])
    expect(JSON.parse((await get('/api/v1/objectives')).body)).toMatchObject({ failure: expect.any(String), objectives: [{ status: 'burning' }] })

    wire.mend()
    await expect.poll(types, WAIT).toEqual(['slo.alert.firing', 'slo.alert.resolved'])
  })

  test('never follows a redirect, and sends again to the address it was given', async () => {
    const elsewhere = await startReceiver()
    try {
      receiver.answers.push({ status: 307, headers: { location: elsewhere.url } })
      await spans(100, 'Error')
      await start()
      await expect.poll(types, WAIT).toHaveLength(2)
      expect(elsewhere.received).toEqual([])
    } finally {
      await elsewhere.close()
    }
  })

  test('reads a changed file, keeps the last good version of a broken one, and says what is wrong', async () => {
    await spans(100, 'Ok')
    await start()
    const view = async (): Promise<unknown> => JSON.parse((await get(`/api/v1/objectives/${slo}`)).body)
    await expect.poll(view, WAIT).toMatchObject({ total: 100 })
    await writeFile(join(dir, 'orders.yaml'), objectiveFile('1.5'))
    await expect.poll(async () => JSON.parse((await get('/api/v1/problems')).body) as unknown, WAIT).toMatchObject({ problems: [{ level: 'error', file: 'orders.yaml', line: 9, value: '1.5' }] })
    expect(await view()).toMatchObject({ target: '0.99', total: 100 })
    expect((await get('/readyz')).status).toBe(200)
    expect((await get('/metrics')).body).toMatch(/ballast_slo_problems\{level="error"[^}]*\} 1/)
    await writeFile(join(dir, 'orders.yaml'), objectiveFile('0.9999'))
    await expect.poll(view, WAIT).toMatchObject({ target: '0.9999', total: 100 })
    await expect.poll(async () => (await get('/api/v1/problems')).body, WAIT).not.toContain('error')
  })
})
