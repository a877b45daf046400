import { createHttpServer, createLogger, Health } from '@ballast/service'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { AlertBook } from '../src/alert/alert-book.ts'
import { Engine } from '../src/engine.ts'
import { addConsole } from '../src/console/console-routes.ts'
import { escapeHtml } from '../src/console/html.ts'
import type { CacheHits } from '../src/clickhouse/cache-hits.ts'
import { addRoutes } from '../src/http/routes.ts'
import type { CountRequest, CountResult, EventStore } from '../src/measure/event-store.ts'
import { Measurement } from '../src/measure/measurement.ts'
import type { Ledger } from '../src/outbox/ledger.ts'
import { MemoryStore } from '../src/outbox/memory-store.ts'
import type { ObjectiveSet } from '../src/openslo/objective-set.ts'
import { problemOf } from '../src/openslo/problem.ts'
import { alerting, ListChannel, ListLog, settled } from './alert-fakes.ts'
import { MemoryRollUp } from './memory-roll-up.ts'
import { objective } from './objectives.ts'

const MINUTE_MS = 60_000
const signal = new AbortController().signal

/** Every minute of the past has these counts; `failing` makes it refuse. */
class SteadyStore implements EventStore {
  good = 100
  total = 100
  failing = false

  countBuckets({ indicators, range }: CountRequest): Promise<CountResult> {
    if (this.failing) return Promise.reject(new Error('ClickHouse does not answer'))
    const { good, total } = this
    const buckets = total === 0 ? [] : Array.from({ length: range.to - range.from }, (_, index) => ({ bucket: range.from + index, good, total }))
    return Promise.resolve({ series: indicators.map(() => buckets), rowsRead: buckets.length })
  }

  ping(): Promise<void> {
    return Promise.resolve()
  }
}

const setOf = (...names: string[]): ObjectiveSet => ({ objectives: names.map((name) => objective({ name, period: '3d' })), problems: [], goodFiles: new Set() })
const broken = problemOf({ level: 'error', file: 'shop.yaml', line: 3, fault: 'is not YAML: <script>' })

let nowMs: number
let store: SteadyStore
let set: ObjectiveSet
let pager: ListChannel
let alertLog: ListLog
let engine: Engine
let alerts: AlertBook
let ledger: Ledger
let measurement: Measurement

beforeEach(() => {
  nowMs = 30_000_000 * MINUTE_MS
  store = new SteadyStore()
  set = setOf('checkout')
  pager = new ListChannel()
  alertLog = new ListLog()
  const log = createLogger('slo', 'silent')
  ;({ book: alerts, ledger } = alerting({ history: alertLog, channels: [pager], now: () => nowMs }))
  measurement = new Measurement({ store, rollUp: new MemoryRollUp(), bucketMs: MINUTE_MS, ingestLagMs: 0, finalAfterMs: 0, rescanMs: 1e12, scanTimeoutMs: 1000 })
  engine = new Engine({ source: { read: () => Promise.resolve(set) }, measurement, alerts, log, now: () => nowMs })
})

/** One minute passes, then the engine ticks. */
async function tick(minutes = 1): Promise<void> {
  nowMs += minutes * MINUTE_MS
  await engine.tick(signal)
  await settled()
}

describe('the engine', () => {
  test('fires while a fault burns and resolves after it', async () => {
    await tick()
    store.good = 0
    for (let minute = 0; minute < 6; minute++) await tick()
    expect(pager.summary).toEqual(['firing page checkout'])
    store.good = 100
    for (let minute = 0; minute < 6; minute++) await tick(60)
    expect(pager.summary.slice(1)).toEqual(['firing ticket checkout', 'resolved page checkout', 'resolved ticket checkout'])
    expect(alertLog.notices.map(({ state, alert }) => `${state} ${alert.severity}`).toSorted()).toEqual(['firing page', 'firing ticket', 'resolved page', 'resolved ticket'])
  })

  test('freezes alerts while it cannot measure: none fires, none resolves', async () => {
    store.good = 0
    await tick()
    expect(pager.summary).toHaveLength(1)
    store.failing = true
    store.good = 100
    for (let minute = 0; minute < 5; minute++) await tick(600)
    expect(pager.summary).toHaveLength(1)
    expect(alerts.open()).toHaveLength(2)
    expect(engine.state.failure).toBe('ClickHouse does not answer')
    expect(() => engine.checkFresh(MINUTE_MS)).toThrow(/^not measured since .*: ClickHouse does not answer$/)
    store.failing = false
    await tick()
    expect(pager.summary.slice(1)).toEqual(['resolved page checkout'])
    expect(() => engine.checkFresh(MINUTE_MS)).not.toThrow()
  })

  test('evaluates nothing until it has read back its alerts', async () => {
    alertLog.failing = true
    store.good = 0
    await tick()
    expect(pager.summary).toEqual([])
    expect(() => engine.checkFresh(MINUTE_MS)).toThrow(/^not measured yet: the log is away$/)
    alertLog.failing = false
    await tick()
    expect(pager.summary).toHaveLength(1)
  })

  test('ends the alert of an objective that was removed, but not while a file is broken', async () => {
    store.good = 0
    await tick()
    set = { ...setOf(), problems: [broken] }
    await tick()
    expect(pager.summary).toHaveLength(1)
    set = setOf()
    await tick()
    expect(pager.delivered.slice(1).map(({ data }) => data.resolution)).toEqual(['objective removed'])
  })
})

describe('the API', () => {
  const log = createLogger('slo', 'silent')
  let server: ReturnType<typeof createHttpServer>
  let caches: CacheHits | undefined

  beforeEach(() => {
    server = createHttpServer({ log, health: new Health(), metrics: { text: () => Promise.resolve('') } })
    const away = (): Promise<never> => Promise.reject(new Error('ClickHouse does not answer'))
    const parts = { engine, alerts, caches: { read: () => (caches === undefined ? away() : Promise.resolve(caches)) }, history: measurement }
    addRoutes(server, { ...parts, ledger, holdBack: { reason: () => undefined }, store: new MemoryStore(), token: '' })
    addConsole(server, { ...parts, proofs: { read: away }, past: away, traces: { read: () => Promise.resolve([]) } })
  })

  afterEach(() => server.close())

  const get = async (url: string): Promise<{ status: number; body: string; json: () => Record<string, unknown> }> => {
    const { statusCode, body } = await server.inject({ url })
    return { status: statusCode, body, json: () => JSON.parse(body) as Record<string, unknown> }
  }

  test('lists objectives before anything is measured', async () => {
    set = setOf('a', 'b')
    store.failing = true
    await tick()
    const { objectives, measuredAt, failure } = (await get('/api/v1/objectives')).json()
    expect(objectives).toMatchObject([{ name: 'a', status: 'no data', good: 0, sli: null, budgetRemaining: null }, { name: 'b' }])
    expect([measuredAt, failure]).toEqual([null, 'ClickHouse does not answer'])
  })

  test('shows an objective with its figures and its alert', async () => {
    store.good = 99
    await tick()
    const total = 3 * 24 * 60 * 100
    expect((await get('/api/v1/objectives/checkout')).json()).toMatchObject({
      target: '0.999',
      targetPercent: '99.9',
      window: '3d',
      good: 0.99 * total,
      bad: 0.01 * total,
      total,
      sli: 0.99,
      budgetRemaining: -9,
      status: 'burning',
      alert: { severity: 'page', state: 'firing', delivered: true },
    })
    expect((await get('/api/v1/alerts')).json()).toMatchObject({ alerts: [{ severity: 'page' }, { severity: 'ticket' }] })
  })

  test('says that an objective has no data when nothing was counted', async () => {
    store.total = 0
    await tick()
    expect((await get('/api/v1/objectives/checkout')).json()).toMatchObject({ status: 'no data', sli: null, burn: { '5m': null, '1h': null } })
  })

  test('counts objectives by their state, each once, and those without events not at all', async () => {
    caches = { fromMs: 0, toMs: 3_600_000, reads: 200, hitRatio: 0.875 }
    set = setOf('a', 'b')
    await tick()
    expect((await get('/api/v1/headlines')).json()).toEqual({ objectives: 2, healthy: 2, atRisk: 0, exhausted: 0, cache: { from: '1970-01-01T00:00:00.000Z', to: '1970-01-01T01:00:00.000Z', reads: 200, hitRatio: 0.875 } })
    expect((await get('/')).body).toContain('<li><b>87.5 %</b>cache hits, last hour</li>')
  })

  test('shows objectives without events, and caches that cannot be read, as no data', async () => {
    caches = undefined
    store.total = 0
    await tick()
    expect((await get('/api/v1/headlines')).json()).toEqual({ objectives: 0, healthy: 0, atRisk: 0, exhausted: 0, cache: null })
    expect((await get('/')).body).toContain('<li><b>no data</b>cache hits, last hour</li>')
  })

  test('answers 404 with the names that there are', async () => {
    await tick()
    const { status, json } = await get('/api/v1/objectives/nowhere')
    expect(status).toBe(404)
    expect(json()).toEqual({ error: { code: 'OBJECTIVE_NOT_FOUND', message: 'no objective has this name; the names are: checkout' } })
  })

  test('shows the problems, and a page without scripts in which everything is escaped', async () => {
    set = { ...setOf('checkout'), problems: [broken] }
    set = { ...set, objectives: set.objectives.map((one) => ({ ...one, displayName: '<img src=x onerror=alert(1)>' })) }
    await tick()
    expect((await get('/api/v1/problems')).json()).toMatchObject({ problems: [{ file: 'shop.yaml', line: 3 }] })
    const { body } = await get('/')
    expect(body).toContain('&lt;img src=x onerror=alert(1)&gt;')
    expect(body).toContain('shop.yaml:3: is not YAML: &lt;script&gt;')
    expect(body).not.toMatch(/<img|<script/)
  })
})

test('text is safe in HTML', () => {
  expect(escapeHtml(`<a href="x" title='y'>&</a>`)).toBe('&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;&lt;/a&gt;')
})
