import { rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type BoardJson, boardsOnDisk, type PanelJson, queryPanels } from '../../dashboards/test/board-json.ts'
import { expand, type View } from '../../dashboards/test/expand.ts'
import { flaws, type Result } from '../../dashboards/test/panel-result.ts'
import { Ballast, freshPlace } from '../harness/ballast.ts'
import { createServerTables, recordRedis, withServerTables } from './stand-ins.ts'

/** Panels that have no rows on one machine, each with the reason. Their queries are run all the same. */
const MAY_BE_EMPTY: Readonly<Record<string, string>> = {
  'ballast-clickhouse-health: Replication, now': 'one server has no replicas',
  'ballast-clickhouse-cost: Dearest columns, now': 'parts below 10 MiB are kept compact, and ClickHouse knows no size of their columns',
}

/** The service that holds the shop's cache. */
const WITH_CACHE = 'catalog'
/** What is chosen where one of several must be one that has everything: the front of the shop, the signal that a record was rejected of. */
const ONE: Readonly<Record<string, string>> = { service: 'storefront', signal: 'traces' }

/** Objectives of the shop in infra/slo; that of notifications has events once somebody was told. */
const OBJECTIVES = 4

let place: Awaited<ReturnType<typeof freshPlace>>
let ballast: Ballast

beforeAll(async () => {
  place = await freshPlace()
  ballast = new Ballast({ stateDir: place.stateDir, env: { ...place.env, SHOP_TRAFFIC_RATE: '40', SHOP_TRAFFIC_SEED: '7', SLO_TICK: '1s', SLO_INGEST_LAG: '1s', OTEL_METRIC_EXPORT_INTERVAL: '1s', SHOP_METRIC_INTERVAL: '1s', SHOP_CRON_INTERVAL: '1s' } })
  await ballast.says('Ctrl-C stops everything')
  await createServerTables(send)
  await recordRedis(place.ports.REDIS_PORT, send)
  await withFaults()
  await withMistakes()
  await recordRedis(place.ports.REDIS_PORT, send)
})

afterAll(async () => {
  await ballast.clean()
  rmSync(dirname(place.stateDir), { recursive: true, force: true })
})

async function send(sql: string): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${place.ports.CLICKHOUSE_EMBEDDED_PORT}/?database=otel`, { method: 'POST', body: sql })
  const text = await response.text()
  if (!response.ok) throw new Error(`${text}\n${sql}`)
  return text
}

async function run(sql: string): Promise<Result> {
  return JSON.parse(await send(`${withServerTables(sql)} FORMAT JSONCompact`)) as Result
}

/** The shop's traffic: well, then with errors and slow answers, then well again. */
async function withFaults(): Promise<void> {
  const faults = `http://127.0.0.1:${place.ports.SHOP_CATALOG_PORT}/faults`
  const headers = { 'content-type': 'application/json' }
  const errors = async (): Promise<number> => Number((await run(`SELECT count() FROM otel_traces WHERE StatusCode = 'Error' AND SpanKind = 'Server'`)).data[0]?.[0])
  await vi.waitFor(async () => expect(Number((await run('SELECT count() FROM otel_traces')).data[0]?.[0])).toBeGreaterThan(500), { timeout: 60_000, interval: 250 })
  await fetch(faults, { method: 'POST', headers, body: JSON.stringify({ kind: 'errors', share: 0.5 }) })
  await fetch(faults, { method: 'POST', headers, body: JSON.stringify({ kind: 'slow', share: 0.2, delayMs: 300 }) })
  await vi.waitFor(async () => expect(await errors()).toBeGreaterThan(100), { timeout: 60_000, interval: 250 })
  await fetch(faults, { method: 'DELETE' })
}

/** What goes wrong elsewhere: a span that cannot be stored, a query that cannot be answered, and a service that changes its version. */
async function withMistakes(): Promise<void> {
  const body = JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [{ traceId: 'short', spanId: 'b'.repeat(16), name: 'odd' }] }] }] })
  // On a machine that has much to do ingest may refuse for a while, as senders know.
  await vi.waitFor(async () => {
    const { status } = await fetch(`http://127.0.0.1:${place.ports.INGEST_PORT}/v1/traces`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    expect(status).toBe(200)
  }, { timeout: 60_000, interval: 500 })
  await expect(send('SELECT no_such_column FROM otel_traces')).rejects.toThrow('UNKNOWN_IDENTIFIER')
  const version = (name: string, ageS: number): string => `(now64(9) - ${ageS}, '${'d'.repeat(32)}', 'release', 'Server', 'deployed', map('service.version', '${name}'))`
  await send(`INSERT INTO otel_traces (Timestamp, TraceId, SpanName, SpanKind, ServiceName, ResourceAttributes) VALUES ${version('1.0.0', 1_200)}, ${version('1.1.0', 0)}`)
}

/** What a reader sees who opened the dashboard just now. */
function viewOf(board: BoardJson, variables: View['variables']): View {
  const seconds = { 'now-1h': 3_600, 'now-7d': 604_800 }[board.time.from]!
  const toS = Math.ceil(Date.now() / 1000)
  return { fromS: toS - seconds, toS, intervalS: Math.max(60, Math.round(seconds / 1000)), variables }
}

/** All of everything, or one of each: both ways that a variable can stand. */
async function choices(board: BoardJson): Promise<readonly View['variables'][]> {
  const all: Record<string, string[]> = {}
  const one: Record<string, string[]> = {}
  for (const variable of board.templating.list) {
    if (typeof variable.query === 'string') continue
    const { data } = await run(expand(variable.query.rawSql, viewOf(board, {})))
    const values = data.map(([value]) => String(value))
    expect([variable.name, values.length > 0]).toEqual([variable.name, true])
    all[variable.name] = variable.multi === true ? ['$__all'] : [values[0]!]
    one[variable.name] = [ONE[variable.name] ?? values[0]!]
    if (board.uid === 'ballast-cache-effectiveness' && variable.name === 'service') one[variable.name] = [WITH_CACHE]
  }
  return [all, one]
}

async function lookAt(board: BoardJson, panel: PanelJson, variables: View['variables']): Promise<string[]> {
  const view = viewOf(board, variables)
  const found: string[] = []
  for (const target of panel.targets!) {
    const result = await run(expand(target.rawSql, view)).catch((error: Error) => error)
    if (result instanceof Error) found.push(`${panel.title}: ${result.message}`)
    else found.push(...flaws(panel, result).map((flaw) => `${panel.title} ${flaw}`))
  }
  return found
}

/** Every variable at All. */
function allOf(uid: string): View['variables'] {
  return Object.fromEntries(boardsOnDisk.find((board) => board.uid === uid)!.templating.list.map(({ name }) => [name, ['$__all']]))
}

/** What one panel shows. */
async function figure(uid: string, title: string, variables: View['variables'] = {}, range: Partial<View> = {}): Promise<Result> {
  const board = boardsOnDisk.find((each) => each.uid === uid)!
  const panel = queryPanels(board).find((each) => each.title === title)!
  return run(expand(panel.targets![0]!.rawSql, { ...viewOf(board, variables), ...range }))
}

describe.each(boardsOnDisk.map((board) => [board.uid, board] as const))('%s', (_, board) => {
  test('shows something in every panel, in the columns and types that it needs', async () => {
    for (const variables of await choices(board)) {
      let waiting = queryPanels(board)
      let wrong: string[] = []
      // Metrics come once a second and alerts with the next tick: what is not there yet is looked at again.
      await vi.waitFor(async () => {
        wrong = []
        const still: PanelJson[] = []
        await Promise.all(waiting.map(async (panel) => {
          const flawsOfPanel = (await lookAt(board, panel, variables)).filter((flaw) => !flaw.endsWith(' has no rows') || MAY_BE_EMPTY[`${board.uid}: ${panel.title}`] === undefined)
          if (flawsOfPanel.length > 0) still.push(panel)
          wrong.push(...flawsOfPanel)
        }))
        waiting = still
        expect(wrong).toEqual([])
      }, { timeout: 90_000, interval: 500 })
    }
  })

  test('has annotations that can be read', async () => {
    for (const { target } of board.annotations.list) {
      if (target === undefined) continue
      const { meta, data } = await run(expand(target.rawSql, { ...viewOf(board, {}), fromS: Math.floor(Date.now() / 1000) - 3_600 }))
      expect(meta.map(({ name }) => name)).toEqual(['time', 'text', 'tags'])
      expect(data.map(([, text]) => text)).toEqual(['deployed 1.1.0'])
    }
  })
})

test('the work of the shop that is no request is on the dashboards too', async () => {
  const rows = await figure('ballast-service-red', 'Units of work, last 6 h', allOf('ballast-service-red'))
  const seen = rows.data.map(([service, operation]) => `${String(service)}: ${String(operation)}`)
  expect(seen).toEqual(expect.arrayContaining(['checkout: job.pack', 'checkout: parcel.sweep', 'catalog: price.review']))
})

describe('the console shows the figures of the dashboards', () => {
  const headlines = async (): Promise<Record<'objectives' | 'healthy' | 'atRisk' | 'exhausted', number> & { cache: { from: string; to: string; reads: number; hitRatio: number | null } }> =>
    (await (await fetch(`http://127.0.0.1:${place.ports.SLO_PORT}/api/v1/headlines`)).json()) as never

  test('of the objectives', async () => {
    // What a panel calls the newest value is the mean of the newest minute, and a state changes between two looks: both come to rest.
    await vi.waitFor(async () => {
      const { objectives, healthy, atRisk, exhausted } = await headlines()
      const [total, ...states] = await Promise.all(['Objectives', 'Healthy', 'At risk', 'Exhausted'].map(async (title) => (await figure('ballast-slo-overview', title)).data[0]?.[0]))
      expect([objectives, healthy, atRisk, exhausted].map(String)).toEqual([total, ...states].map(String))
      expect(objectives).toBeGreaterThanOrEqual(OBJECTIVES)
      expect(healthy + atRisk + exhausted).toBe(objectives)
      // The faults have left their mark.
      expect(atRisk + exhausted).toBeGreaterThan(0)
    }, { timeout: 90_000, interval: 500 })
  })

  test('of the caches, over the same minutes', async () => {
    await vi.waitFor(async () => {
      const { cache } = await headlines()
      expect(cache.reads).toBeGreaterThan(100)
      const range = { fromS: Date.parse(cache.from) / 1000, toS: Date.parse(cache.to) / 1000 - 1 }
      const shown = await Promise.all((['ballast-platform-home', 'ballast-cache-effectiveness'] as const).map(async (uid) => (await figure(uid, uid === 'ballast-platform-home' ? 'Cache hits' : 'Hits', allOf(uid), range)).data[0]?.[0]))
      expect(shown).toEqual([cache.hitRatio, cache.hitRatio])
      expect(cache.hitRatio).toBeGreaterThan(0)
    }, { timeout: 120_000, interval: 1_000 })
  })
})
