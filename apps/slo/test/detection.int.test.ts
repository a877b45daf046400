import { createLogger } from '@ballast/service'
import { type ClickHouse, tableNames } from '@ballast/clickhouse'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { RollUpStore } from '../src/clickhouse/roll-up-store.ts'
import { SpanStore } from '../src/clickhouse/span-store.ts'
import { Engine } from '../src/engine.ts'
import { Measurement } from '../src/measure/measurement.ts'
import { alerting, ListChannel } from './alert-fakes.ts'
import { objective } from './objectives.ts'
import { openDatabase } from './span-rows.ts'

const MINUTE_MS = 60_000
const TICK_MS = 15_000
/** When the faults begin: rows of three days before and of the hour after it are still kept by the database. */
const FAULT_MS = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS - 2 * 24 * 60 * MINUTE_MS
const REQUESTS_PER_SECOND = 20
/** Faults by their share of bad requests, with the minute at which each severity's first tier fires: vectors 1 and 4. */
const faults = [
  { service: 'outage', share: 1, page: ['1h/5m', 1], ticket: ['24h/2h', 5] },
  { service: 'tenth', share: 0.1, page: ['1h/5m', 9], ticket: ['24h/2h', 44] },
] as const
let clickhouse: ClickHouse

beforeAll(async () => {
  clickhouse = await openDatabase(inject('clickhouseUrl'), 'slo_detection')
  const insert = (rows: string): Promise<void> => clickhouse.command({ query: `INSERT INTO ${tableNames.traces} (Timestamp, ServiceName, SpanName, SpanKind, StatusCode, SampleRate) ${rows}` })
  for (const { service, share } of faults) {
    // One row a minute stands for the clean days; then two a second, for the good and the bad requests.
    await insert(`SELECT fromUnixTimestamp64Milli(toInt64(${FAULT_MS - MINUTE_MS}) - number * ${MINUTE_MS}), '${service}', 'GET /', 'Server', 'Ok', ${REQUESTS_PER_SECOND * 60} FROM numbers(${3 * 24 * 60})`)
    for (const [status, weight] of [['Error', REQUESTS_PER_SECOND * share], ['Ok', REQUESTS_PER_SECOND * (1 - share)]] as const) {
      if (weight > 0) await insert(`SELECT fromUnixTimestamp64Milli(toInt64(${FAULT_MS}) + number * 1000), '${service}', 'GET /', 'Server', '${status}', ${weight} FROM numbers(3600)`)
    }
  }
})

afterAll(() => clickhouse.close())

test('each fault fires the right tier after the minute before the computed one, and within one tick of it', async () => {
  const pager = new ListChannel()
  const clock = { nowMs: FAULT_MS }
  const { book, history, close } = alerting({ channels: [pager], now: () => clock.nowMs })
  // The tiers are those of 30 days; the period is as long as their longest window, so that no more of the past is measured.
  const objectives = faults.map(({ service }) => ({ ...objective({ name: service, service }), period: { text: '72h', ms: 72 * 60 * MINUTE_MS } }))
  const measurement = new Measurement({ store: new SpanStore({ clickhouse, timeoutMs: 20_000 }), rollUp: new RollUpStore(clickhouse, { bucketMs: MINUTE_MS, timeoutMs: 20_000 }), bucketMs: MINUTE_MS, ingestLagMs: 0, finalAfterMs: 5 * MINUTE_MS, rescanMs: 60 * MINUTE_MS, scanTimeoutMs: 20_000, pastBudgetMs: 60_000 })
  const engine = new Engine({ source: { read: () => Promise.resolve({ objectives, problems: [], goodFiles: new Set<string>() }) }, measurement, alerts: book, log: createLogger('slo', 'silent'), now: () => clock.nowMs })
  // Ticks where the minutes in question begin and end, and one after each: those between would only narrow it down.
  const minutes = [...new Set(faults.flatMap(({ page, ticket }) => [page[1], ticket[1]]))]
  const ticks = new Set([0, ...minutes.flatMap((minute) => [-4, 0, 1].map((tick) => minute * MINUTE_MS + tick * TICK_MS))])
  for (const at of [...ticks].toSorted((a, b) => a - b)) {
    clock.nowMs = FAULT_MS + at
    await engine.tick(AbortSignal.timeout(60_000))
    expect(engine.state.failure).toBeUndefined()
  }
  await close()
  const fired = history.notices.map(({ state, alert, atMs }) => ({ what: `${state} ${alert.severity} ${alert.objective} ${alert.tier}`, afterMs: atMs - FAULT_MS }))
  expect(fired.map(({ what }) => what).toSorted()).toEqual(faults.flatMap(({ service, page, ticket }) => [`firing page ${service} ${page[0]}`, `firing ticket ${service} ${ticket[0]}`]).toSorted())
  for (const { service, page, ticket } of faults) {
    for (const [severity, [, minute]] of [['page', page], ['ticket', ticket]] as const) {
      const { afterMs } = fired.find(({ what }) => what.startsWith(`firing ${severity} ${service} `))!
      expect(afterMs, `${severity} of ${service}`).toBeGreaterThan((minute - 1) * MINUTE_MS)
      expect(afterMs, `${severity} of ${service}`).toBeLessThanOrEqual(minute * MINUTE_MS + TICK_MS)
    }
  }
})
