import { type ClickHouse, tableNames } from '@ballast/clickhouse'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { firingNotice, resolvedNotice } from '../src/alert/alert-notice.ts'
import { EventLog } from '../src/clickhouse/event-log.ts'
import { SpanStore } from '../src/clickhouse/span-store.ts'
import type { Indicator, RowIndicator } from '../src/measure/indicator.ts'
import { Prover } from '../src/proof/prover.ts'
import { evaluation } from './alert-fakes.ts'
import { availability, objective } from './objectives.ts'
import { insertSpans, openDatabase } from './span-rows.ts'

const signal = AbortSignal.timeout(60_000)
const BUCKET_MS = 60_000
/** A whole bucket of yesterday. */
const BASE = Math.floor(Date.now() / BUCKET_MS) - 24 * 60
const BASE_MS = BASE * BUCKET_MS
let clickhouse: ClickHouse
let store: SpanStore

beforeAll(async () => {
  clickhouse = await openDatabase(inject('clickhouseUrl'), 'slo_store')
  store = new SpanStore({ clickhouse, timeoutMs: 20_000 })
})

afterAll(() => clickhouse.close())

const count = (indicators: readonly Indicator[], watermarkMs = BASE_MS + 10 * BUCKET_MS): ReturnType<SpanStore['countBuckets']> =>
  store.countBuckets({ indicators, bucketMs: BUCKET_MS, range: { from: BASE, to: BASE + 10 }, watermarkMs, signal })

describe('counting spans', () => {
  test('takes service, operation, kind, status and duration into account, weighted by the sample rate', async () => {
    const base = { service: 'shop', atMs: BASE_MS }
    await insertSpans(clickhouse, [
      { ...base },
      { ...base, sampleRate: 10 },
      { ...base, status: 'Error', sampleRate: 3 },
      { ...base, atMs: BASE_MS + BUCKET_MS - 1, durationNs: 300_000_000 },
      { ...base, atMs: BASE_MS + BUCKET_MS, durationNs: 299_999_999 },
      { ...base, operation: 'GET /', status: 'Error' },
      { ...base, kind: 'Client', status: 'Error' },
      { ...base, service: 'other', status: 'Error' },
    ])
    const orders: RowIndicator = { template: 'spans', total: { service: 'shop', operation: 'POST /orders', kind: 'Server', conditions: {} }, counts: 'good', conditions: { statusNot: 'Error' } }
    const fast: RowIndicator = { ...orders, conditions: { statusNot: 'Error', maxDurationNs: 300_000_000 } }
    const failed: RowIndicator = { ...orders, counts: 'bad', conditions: { status: 'Error' } }
    const clients: RowIndicator = { ...availability('shop'), total: { service: 'shop', kind: 'Client', conditions: {} } }
    const { series, rowsRead } = await count([orders, fast, failed, clients, availability('nobody')])
    const next = { bucket: BASE + 1, good: 1, total: 1, rows: 1, badRows: 0 }
    expect(series).toEqual([
      [{ bucket: BASE, good: 12, total: 15, rows: 4, badRows: 1 }, next],
      [{ bucket: BASE, good: 11, total: 15, rows: 4, badRows: 2 }, next],
      [{ bucket: BASE, good: 12, total: 15, rows: 4, badRows: 1 }, next],
      [{ bucket: BASE, good: 0, total: 1, rows: 1, badRows: 1 }],
      [],
    ])
    expect(rowsRead).toBe(7)
  })

  test('stops at the watermark, to the millisecond', async () => {
    await insertSpans(clickhouse, [{ service: 'edge', atMs: BASE_MS + 30_000 }, { service: 'edge', atMs: BASE_MS + 30_001 }])
    expect((await count([availability('edge')], BASE_MS + 30_001)).series[0]).toMatchObject([{ bucket: BASE, good: 1, total: 1 }])
    expect((await count([availability('edge')], BASE_MS + 30_002)).series[0]).toMatchObject([{ bucket: BASE, good: 2, total: 2 }])
  })

  test('binds names that look like SQL', async () => {
    const hostile = `it's "quoted" \\ ) OR 1=1 -- {p0:String}\t\n`
    await insertSpans(clickhouse, [{ service: hostile, operation: hostile, atMs: BASE_MS, status: 'Error' }])
    const indicator: RowIndicator = { ...availability(hostile), total: { service: hostile, operation: hostile, kind: 'Server', conditions: {} } }
    expect((await count([indicator])).series).toMatchObject([[{ bucket: BASE, good: 0, total: 1 }]])
  })

  test('gives trace ids of bad spans, newest first, each once', async () => {
    const bad = { service: 'traced', status: 'Error' }
    await insertSpans(clickhouse, [
      { ...bad, atMs: BASE_MS, traceId: 'a'.repeat(32) },
      { ...bad, atMs: BASE_MS + 1, traceId: 'b'.repeat(32) },
      { ...bad, atMs: BASE_MS + 2, traceId: 'a'.repeat(32) },
      { ...bad, atMs: BASE_MS + 3, traceId: '' },
      { ...bad, atMs: BASE_MS + 4, traceId: 'd'.repeat(32), status: 'Ok' },
      { ...bad, atMs: BASE_MS + 5, traceId: 'c'.repeat(32), kind: 'Client' },
    ])
    const { exampleTraceIds } = await new Prover(clickhouse).prove(objective({ service: 'traced' }), { fromMs: BASE_MS, toMs: BASE_MS + 1000 })
    expect(exampleTraceIds).toEqual(['a'.repeat(32), 'b'.repeat(32)])
  })

  test('refuses a count that a double cannot hold', async () => {
    await insertSpans(clickhouse, [{ service: 'huge', atMs: BASE_MS, sampleRate: Number.MAX_SAFE_INTEGER }, { service: 'huge', atMs: BASE_MS }])
    await expect(count([availability('huge')])).rejects.toMatchObject({ code: 'COUNT_INVALID' })
  })
})

describe('the log of transitions', () => {
  const watched = objective({ name: 'orders' })
  const burning = evaluation(watched, { good: 0, total: 1000 })
  const links = { console: null, dashboard: null, runbook: null }
  const proof = { exampleTraceIds: ['a'.repeat(32)], differences: [], deploys: [] }
  const reading = burning.holding.get('page')!
  const firing = firingNotice({ evaluation: burning, condition: { kind: 'burn', severity: 'page', holds: true, name: reading.tier.name, reading }, proof, links, lastAlertId: undefined, atMs: 1_800_000_000_123 })
  const resolved = resolvedNotice(firing, evaluation(watched, { good: 1000, total: 1000 }), 1_800_000_060_456)

  test('gives back the last transition as it was written, and an insert that is repeated counts once', async () => {
    const log = new EventLog(clickhouse, () => 7)
    expect(await log.latest(signal)).toEqual([])
    await log.append(firing, signal)
    await log.append(firing, signal)
    expect(await log.latest(signal)).toEqual([firing])
    await log.append(resolved, signal)
    expect(await log.latest(signal)).toEqual([resolved])
    const [rows] = await clickhouse.query<{ count: string }>({ query: `SELECT count() AS count FROM ${tableNames.sloEvents}` })
    expect(rows).toEqual({ count: '2' })
    const written = await clickhouse.query({ query: `SELECT DISTINCT Kind AS kind, Fence AS fence FROM ${tableNames.sloEvents}` })
    expect(written).toEqual([{ kind: 'burn', fence: '7' }])
  })

  test('knows an alert whose details cannot be read', async () => {
    await clickhouse.command({
      query: `INSERT INTO ${tableNames.sloEvents} (EventTime, AlertId, Slo, Severity, Tier, State, StartedAt, Details) VALUES (now64(3), 'alert-2', 'damaged', 'ticket', '24h/2h', 'firing', now64(3), '{broken')`,
    })
    const last = (await new EventLog(clickhouse, () => 7).latest(signal)).find(({ alert }) => alert.objective === 'damaged')
    expect(last).toMatchObject({ state: 'firing', alert: { id: 'alert-2', severity: 'ticket', tier: '24h/2h' }, data: { alertId: 'alert-2', total: 0 } })
  })
})
