import { createHttpServer, createLogger, Health } from '@ballast/service'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Engine } from '../src/engine.ts'
import { openApiDocument, operations } from '../src/http/open-api.ts'
import { addRoutes } from '../src/http/routes.ts'
import { slothSeries } from '../src/http/sloth-series.ts'
import { checkWriteAccess } from '../src/http/write-access.ts'
import { Measurement } from '../src/measure/measurement.ts'
import { evaluate } from '../src/objective/evaluation.ts'
import { MemoryStore } from '../src/outbox/memory-store.ts'
import { alerting, ListChannel, settled } from './alert-fakes.ts'
import { MemoryRollUp } from './memory-roll-up.ts'
import { objective } from './objectives.ts'

const NOW_MS = 30_000_000 * 60_000
const log = createLogger('slo', 'silent')
const signal = new AbortController().signal
let server: ReturnType<typeof createHttpServer>
let pager: ListChannel
let routes: string[]
let tick: () => Promise<void>

async function start(token = ''): Promise<void> {
  pager = new ListChannel()
  const store = new MemoryStore()
  const { book, ledger } = alerting({ store, channels: [pager], now: () => NOW_MS })
  const counts = { countBuckets: ({ range }: { range: { from: number; to: number } }) => Promise.resolve({ series: [Array.from({ length: range.to - range.from }, (_, index) => ({ bucket: range.from + index, good: 9, total: 10 }))], rowsRead: 0 }), ping: () => Promise.resolve() }
  const measurement = new Measurement({ store: counts, rollUp: new MemoryRollUp(), bucketMs: 60_000, ingestLagMs: 0, finalAfterMs: 0, rescanMs: 1e12, scanTimeoutMs: 1000 })
  const set = { objectives: [objective({ period: '3d' })], problems: [], goodFiles: new Set<string>() }
  const engine = new Engine({ source: { read: () => Promise.resolve(set) }, measurement, alerts: book, log, now: () => NOW_MS })
  tick = async () => {
    await engine.tick(signal)
    await settled()
  }
  await tick()
  server = createHttpServer({ log, health: new Health(), metrics: { text: () => Promise.resolve('') } })
  routes = []
  server.addHook('onRoute', ({ method, path }) => {
    if (path.startsWith('/api/') && method !== 'HEAD') routes.push(`${String(method).toLowerCase()} ${path.replaceAll(/:(\w+)/g, '{$1}')}`)
  })
  addRoutes(server, { engine, alerts: book, caches: { read: () => Promise.reject(new Error('away')) }, history: measurement, ledger, holdBack: { reason: () => undefined }, store, token })
}

beforeEach(() => start())
afterEach(() => server.close())

type Call = { readonly method?: 'GET' | 'POST' | 'DELETE'; readonly body?: unknown; readonly headers?: Record<string, string>; readonly from?: string }
async function call(url: string, { method = 'GET', body, headers = {}, from = '127.0.0.1' }: Call = {}): Promise<{ status: number; json: Record<string, unknown> }> {
  const answer = await server.inject({ url, method, remoteAddress: from, headers: { host: '127.0.0.1:9095', ...headers }, ...(body !== undefined && { payload: body as object }) })
  return { status: answer.statusCode, json: answer.json() }
}

const alertId = (): string => pager.delivered[0]!.alert.id
const silence = { matchers: [{ name: 'service', value: 'checkout' }], endsAt: '2099-01-01T00:00:00Z', createdBy: 'ann', comment: 'maintenance' }

describe('the document', () => {
  test('has every route, and no other', () => {
    expect(operations.map(({ method, path }) => `${method} ${path}`).toSorted()).toEqual(routes.filter((route) => !route.endsWith('openapi.json')).toSorted())
  })

  test('is OpenAPI 3.1 in which every path parameter and body is described', async () => {
    const { json } = await call('/api/v1/openapi.json')
    expect(json).toEqual(openApiDocument())
    expect(json).toMatchObject({
      openapi: '3.1.0',
      paths: {
        '/api/v1/objectives/{name}': { get: { parameters: [{ name: 'name', in: 'path', required: true }] } },
        '/api/v1/silences': { post: { requestBody: { content: { 'application/json': { schema: { required: ['matchers', 'endsAt', 'createdBy', 'comment'] } } } }, responses: { 201: {} } } },
      },
    })
  })

  test.each(operations)('says what $method $path answers', async ({ method, path, status = 200, answer }) => {
    const { json: made } = await call('/api/v1/silences', { method: 'POST', body: silence })
    const url = path.replace('{name}', 'checkout').replace('{id}', path.includes('silences') ? String(made['id']) : alertId())
    const body = path.endsWith('acknowledgement') ? { by: 'ann' } : silence
    const { status: given, json } = await call(url, { method: method.toUpperCase() as 'GET', ...(method === 'post' && { body }) })
    expect([given, answer.safeParse(json).error]).toEqual([status, undefined])
  })
})

describe('an acknowledgement', () => {
  test('is shown with its alert', async () => {
    expect(await call(`/api/v1/alerts/${alertId()}/acknowledgement`, { method: 'POST', body: { by: 'ann' } })).toMatchObject({ status: 200, json: { acknowledgedBy: 'ann' } })
    await tick()
    expect((await call('/api/v1/alerts')).json).toMatchObject({ alerts: [{ severity: 'page', acknowledgedBy: 'ann' }, { severity: 'ticket', acknowledgedBy: null }] })
  })

  test('of an alert that is not there, or by nobody, is refused', async () => {
    expect(await call('/api/v1/alerts/none/acknowledgement', { method: 'POST', body: { by: 'ann' } })).toMatchObject({ status: 404, json: { error: { code: 'ALERT_NOT_FOUND' } } })
    expect(await call(`/api/v1/alerts/${alertId()}/acknowledgement`, { method: 'POST', body: { by: '' } })).toMatchObject({ status: 400, json: { error: { code: 'REQUEST_INVALID', message: expect.stringMatching(/^by: /) } } })
  })
})

describe('a silence', () => {
  test('is made, shown with the alerts that it covers, and ended', async () => {
    const { json } = await call('/api/v1/silences', { method: 'POST', body: silence })
    expect(json).toMatchObject({ state: 'active', matchers: [{ name: 'service', value: 'checkout', isRegex: false, isEqual: true }] })
    await tick()
    expect((await call('/api/v1/alerts')).json).toMatchObject({ alerts: [{ silencedBy: 'maintenance' }, { silencedBy: 'maintenance' }] })
    expect(await call(`/api/v1/silences/${String(json['id'])}`, { method: 'DELETE' })).toMatchObject({ status: 200, json: { state: 'expired' } })
    await tick()
    expect((await call('/api/v1/alerts')).json).toMatchObject({ alerts: [{ silencedBy: null }, { silencedBy: null }] })
    expect(await call('/api/v1/silences/none', { method: 'DELETE' })).toMatchObject({ status: 404, json: { error: { code: 'SILENCE_NOT_FOUND' } } })
  })

  test.each([
    [{ ...silence, matchers: [] }, /^matchers: /],
    [{ ...silence, matchers: [{ name: 'slo', value: '(', isRegex: true }] }, /^matchers\.0\.value: is not a regular expression/],
    [{ ...silence, endsAt: '2001-01-01T00:00:00Z' }, /^endsAt: lies in the past/],
    [{ ...silence, startsAt: '2099-06-01T00:00:00Z' }, /^endsAt: is not after startsAt/],
    [{ ...silence, forever: true }, /forever/],
  ])('that makes no sense is refused: %j', async (body, message) => {
    expect(await call('/api/v1/silences', { method: 'POST', body })).toMatchObject({ status: 400, json: { error: { code: 'REQUEST_INVALID', message: expect.stringMatching(message) } } })
  })
})

describe('who may write', () => {
  const body = silence
  const post = (facts: Call) => call('/api/v1/silences', { method: 'POST', body, ...facts }).then(({ status }) => status)

  test('without a token is who is on this machine, by a name of it', async () => {
    expect(await post({})).toBe(201)
    expect(await post({ headers: { host: 'localhost:9095' } })).toBe(201)
    expect(await post({ from: '192.0.2.7' })).toBe(401)
    // A page from elsewhere whose name was made to point here.
    expect(await post({ headers: { host: 'evil.example:9095' } })).toBe(401)
  })

  test('with a token is who knows it, from anywhere', async () => {
    await server.close()
    await start('correct horse')
    expect(await post({})).toBe(401)
    expect(await post({ headers: { authorization: 'Bearer wrong' } })).toBe(401)
    expect(await post({ headers: { authorization: 'Bearer correct horse' }, from: '192.0.2.7' })).toBe(201)
  })

  test('is asked before anything is read', () => {
    expect(() => checkWriteAccess('', { headers: {}, ip: '127.0.0.1' })).toThrow(/without SLO_API_TOKEN only this machine may write/)
  })
})

test('the history of an objective ends with the budget that is left, and says how much of the period is known', async () => {
  const { json } = await call('/api/v1/objectives/checkout/history')
  const points = json['points'] as { total: number; good: number; budgetRemaining: number }[]
  expect(points).toHaveLength(120)
  expect(points.reduce((sum, { total }) => sum + total, 0)).toBe(3 * 24 * 60 * 10)
  expect(points.every(({ budgetRemaining }, index) => index === 0 || budgetRemaining < points[index - 1]!.budgetRemaining)).toBe(true)
  expect([points.at(-1)!.budgetRemaining, json['coverage']]).toEqual([-99, 1])
  expect(await call('/api/v1/objectives/nowhere/history')).toMatchObject({ status: 404 })
})

describe('the series of Sloth', () => {
  const watched = objective({ target: '0.999', period: '30d' })

  test('have its names and labels, and its figures from sums of counts', () => {
    const text = slothSeries([evaluate(watched, (ms) => (ms === watched.period.ms ? { good: 99_950, total: 100_000 } : { good: 986, total: 1000 }))])
    const labels = 'sloth_id="checkout-checkout",sloth_service="checkout",sloth_slo="checkout"'
    expect(text.split('\n')).toEqual(
      expect.arrayContaining([
        '# TYPE slo:sli_error:ratio_rate5m gauge',
        `slo:sli_error:ratio_rate5m{${labels},sloth_window="5m"} 0.014`,
        `slo:sli_error:ratio_rate30d{${labels},sloth_window="30d"} 0.0005`,
        `slo:objective:ratio{${labels}} 0.999`,
        `slo:error_budget:ratio{${labels}} 0.001`,
        `slo:time_period:days{${labels}} 30`,
        `slo:current_burn_rate:ratio{${labels}} 14`,
        `slo:period_burn_rate:ratio{${labels}} 0.5`,
        `slo:period_error_budget_remaining:ratio{${labels}} 0.5`,
        `sloth_slo_info{${labels},sloth_mode="ballast",sloth_objective="99.9",sloth_spec="openslo/v1",sloth_version="ballast"} 1`,
      ]),
    )
  })

  test('are absent without events, and escaped', () => {
    const text = slothSeries([evaluate({ ...watched, service: 'a"b\\' }, () => ({ good: 0, total: 0 }))])
    expect(text).not.toMatch(/ratio_rate|burn_rate|NaN/)
    expect(text).toContain('sloth_service="a\\"b\\\\"')
  })
})
