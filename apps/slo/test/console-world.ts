import { createHttpServer, createLogger, Health, listen } from '@ballast/service'
import type { AlertNotice, Proof } from '../src/alert/alert.ts'
import { addConsole } from '../src/console/console-routes.ts'
import { Engine } from '../src/engine.ts'
import { addRoutes } from '../src/http/routes.ts'
import { slothSeries } from '../src/http/sloth-series.ts'
import type { CountRequest, CountResult, EventStore } from '../src/measure/event-store.ts'
import { isRowIndicator } from '../src/measure/indicator.ts'
import { Measurement } from '../src/measure/measurement.ts'
import { MemoryStore } from '../src/outbox/memory-store.ts'
import type { TraceSpan } from '../src/proof/trace-reader.ts'
import { alerting, ListChannel, ListLog } from './alert-fakes.ts'
import { MemoryRollUp } from './memory-roll-up.ts'
import { objective } from './objectives.ts'

const MINUTE_MS = 60_000
const DAY_MINUTES = 24 * 60
/** The moment that the world stands at. */
export const WORLD_NOW_MS = Date.parse('2026-11-21T15:00:00Z')
const NOW_MINUTE = WORLD_NOW_MS / MINUTE_MS

/** How one service does: events a minute, the usual share of bad ones, and times when it was worse, in minutes before now. */
interface Habit {
  readonly perMinute: number
  readonly usual: number
  readonly faults: readonly { readonly from: number; readonly to: number; readonly share: number }[]
}

const habits: Readonly<Record<string, Habit>> = {
  storefront: { perMinute: 900, usual: 0.0007, faults: [{ from: 9 * DAY_MINUTES, to: 9 * DAY_MINUTES - 50, share: 0.35 }] },
  catalog: { perMinute: 2400, usual: 0.0002, faults: [{ from: 20 * DAY_MINUTES, to: 20 * DAY_MINUTES - 30, share: 0.2 }] },
  checkout: { perMinute: 160, usual: 0.0009, faults: [{ from: 13 * DAY_MINUTES, to: 13 * DAY_MINUTES - 90, share: 0.3 }, { from: 28, to: 0, share: 0.24 }] },
  search: { perMinute: 500, usual: 0.0012, faults: [{ from: 16 * DAY_MINUTES, to: 15 * DAY_MINUTES, share: 0.12 }] },
  payments: { perMinute: 120, usual: 0.0004, faults: [{ from: 4 * DAY_MINUTES, to: 4 * DAY_MINUTES - 160, share: 0.3 }] },
}

/** Counts of a month, the same each time: more by day than by night, and bad as the habits say. */
const store: EventStore = {
  countBuckets({ indicators, range }: CountRequest): Promise<CountResult> {
    const series = indicators.map((indicator) => {
      const habit = isRowIndicator(indicator) ? habits[indicator.total.service] : undefined
      if (habit === undefined) return []
      return Array.from({ length: range.to - range.from }, (_, index) => {
        const bucket = range.from + index
        const ago = NOW_MINUTE - bucket
        const swing = 1 + 0.6 * Math.sin(((bucket % DAY_MINUTES) / DAY_MINUTES) * 2 * Math.PI - 1.8)
        const total = Math.round(habit.perMinute * swing)
        const share = habit.faults.find(({ from, to }) => ago <= from && ago > to)?.share ?? habit.usual * (0.6 + ((bucket * 2_654_435_761) % 97) / 120)
        // Parts of an event come together over the minutes.
        const bad = Math.floor(total * share + ((bucket * 40_503) % 1000) / 1000)
        return { bucket, good: total - bad, total }
      })
    })
    return Promise.resolve({ series, rowsRead: 0 })
  },
  ping: () => Promise.resolve(),
}

export const TRACE_ID = '8f926f8440976f55bf812fc45dcd8e97'

const proof: Proof = {
  exampleTraceIds: [TRACE_ID, '27f3f5cba1f36cb9a1b3c1de0c9f1a55', '0b5a4c31b5ff8c83cc8a3ad1e63d5f10'],
  differences: [
    { attribute: 'service.version', value: '2.8.0', badShare: 1, goodShare: 0.31, lift: 2.1, chiSquared: 412.7 },
    { attribute: 'payment.provider', value: 'acquirer-b', badShare: 0.97, goodShare: 0.36, lift: 1.9, chiSquared: 377.2 },
    { attribute: 'error.type', value: 'UpstreamTimeout', badShare: 0.94, goodShare: 0, lift: 4.1, chiSquared: 361.4 },
    { attribute: 'host.name', value: 'checkout-7d9f5b6c4-x2v9k', badShare: 0.66, goodShare: 0.22, lift: 2, chiSquared: 168.9 },
    { attribute: 'customer.country', value: 'NL', badShare: 0.41, goodShare: 0.19, lift: 1.7, chiSquared: 52.1 },
  ],
  deploys: [{ service: 'checkout', version: '2.8.0', firstSeenAt: '2026-11-21T14:29:00.000Z' }],
}

const span = (spanId: string, parentSpanId: string, service: string, name: string, startMs: number, durationMs: number, facts: Partial<TraceSpan> = {}): TraceSpan => ({
  spanId,
  parentSpanId,
  service,
  name,
  kind: 'Server',
  status: 'Unset',
  message: '',
  startNs: startMs * 1e6,
  durationNs: durationMs * 1e6,
  startedAt: new Date(Date.parse('2026-11-21T14:58:12Z') + startMs).toISOString(),
  ...facts,
})

const trace: readonly TraceSpan[] = [
  span('1', '', 'storefront', 'POST /orders', 0, 1240, { status: 'Error' }),
  span('2', '1', 'storefront', 'cache.get', 2, 1.4, { kind: 'Internal' }),
  span('3', '1', 'storefront', 'POST /orders', 6, 1228, { kind: 'Client', status: 'Error' }),
  span('4', '3', 'checkout', 'POST /orders', 9, 1221, { status: 'Error', message: 'UpstreamTimeout: acquirer-b did not answer within 1 s' }),
  span('5', '4', 'checkout', 'SELECT orders', 14, 38, { kind: 'Client' }),
  span('6', '4', 'checkout', 'GET /products/:id', 56, 61, { kind: 'Client' }),
  span('7', '6', 'catalog', 'GET /products/:id', 59, 52),
  span('8', '4', 'checkout', 'POST acquirer-b/authorize', 131, 1001, { kind: 'Client', status: 'Error', message: 'timeout' }),
]

/** A console over a month of a small shop in which checkout burns: real pages, engine and alerts over counts that are made up. */
export async function startConsoleWorld(): Promise<{ url: string; pager: ListChannel; close: () => Promise<void> }> {
  const log = createLogger('slo', 'silent')
  const clock = { nowMs: WORLD_NOW_MS }
  const [pager, history] = [new ListChannel(), new ListLog()]
  const parts = alerting({ channels: [pager], history, prove: () => Promise.resolve(proof), now: () => clock.nowMs })
  const named = (name: string, service: string, displayName: string, target: string) => ({ ...objective({ name, service, target, period: '30d' }), displayName })
  const objectives = [
    named('storefront-availability', 'storefront', 'Storefront answers', '0.995'),
    named('catalog-availability', 'catalog', 'Catalog answers', '0.999'),
    named('checkout-availability', 'checkout', 'Orders are taken', '0.995'),
    named('search-latency', 'search', 'Search answers within 300 ms', '0.99'),
    named('payments-availability', 'payments', 'Payments go through', '0.998'),
    named('returns-availability', 'returns', 'Returns are accepted', '0.99'),
  ]
  const measurement = new Measurement({ store, rollUp: new MemoryRollUp(), bucketMs: MINUTE_MS, ingestLagMs: 0, finalAfterMs: 0, rescanMs: 1e12, scanTimeoutMs: 1000 })
  const engine = new Engine({ source: { read: () => Promise.resolve({ objectives, problems: [], goodFiles: new Set<string>() }) }, measurement, alerts: parts.book, log, now: () => clock.nowMs })
  await engine.tick(new AbortController().signal)
  const server = createHttpServer({ log, health: new Health(), metrics: { text: () => Promise.resolve(slothSeries(engine.state.evaluations)) } })
  const shared = { engine, alerts: parts.book, caches: { read: () => Promise.resolve({ fromMs: WORLD_NOW_MS - 3_600_000, toMs: WORLD_NOW_MS, reads: 120_000, hitRatio: 0.962 }) }, history: measurement }
  addRoutes(server, { ...shared, ledger: parts.ledger, holdBack: { reason: () => undefined }, store: new MemoryStore(), token: '' })
  const past = (name: string): Promise<readonly AlertNotice[]> => Promise.resolve(history.notices.filter(({ alert }) => alert.objective === name))
  const bare: Proof = { exampleTraceIds: [], differences: [], deploys: [] }
  addConsole(server, { ...shared, past, proofs: { read: ({ service }) => Promise.resolve(service === 'checkout' ? proof : bare) }, traces: { read: (id) => Promise.resolve(id === TRACE_ID ? trace : []) } })
  const port = await listen(server, { host: '127.0.0.1', port: 0, variable: 'PORT' })
  return { url: `http://127.0.0.1:${port}`, pager, close: () => server.close() }
}
