import { createHmac } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { cacheHitRatio } from '../../scripts/stack/cache-hit-ratio.ts'
import { Ballast, freshPlace, stillRunning } from '../harness/ballast.ts'

/** Requests that the seeded traffic sends before it stops. */
const REQUESTS = 600
const WEBHOOK_SECRET = `whsec_${Buffer.from('a secret of twenty-four bytes').toString('base64')}`

/** A catalogue with windows of seconds, so that a test sees in seconds what otherwise takes an hour. */
const TEST_TIERS = {
  bucket: '1s',
  tiers: [{ severity: 'page', budgetShare: '0.02', long: '20s', short: '4s' }],
}

/** With a period of one hour, the tier's factor is 3.6: 18 % of bad views over 20 s burn too fast. */
const TEST_OBJECTIVES = `
apiVersion: openslo/v1
kind: SLO
metadata: { name: storefront-views }
spec:
  service: storefront
  budgetingMethod: Occurrences
  timeWindow: [{ duration: 1h, isRolling: true }]
  indicator:
    metadata: { name: storefront-views-answered }
    spec:
      ratioMetric:
        counter: false
        good: { metricSource: { type: clickhouse, spec: { template: spans, statusNot: Error } } }
        total: { metricSource: { type: clickhouse, spec: { template: spans, service: storefront, operation: "GET /products/:id" } } }
  objectives: [{ target: 0.95 }]
`

/** A file with a mistake in line 6: the objectives of the other file must not suffer from it. */
const BROKEN_OBJECTIVES = `apiVersion: openslo/v1
kind: SLO
metadata: { name: broken }
spec:
  service: storefront
  budgetingMethod: Sometimes
`

interface Delivery {
  readonly type: string
  readonly id: string
  readonly data: { readonly slo: string; readonly severity: string; readonly tier: string; readonly alertId: string; readonly exampleTraceIds?: readonly string[] }
}

interface TrafficStats {
  readonly sent: { readonly view: number; readonly unknown: number; readonly order: number }
  readonly answers: Readonly<Record<string, number>>
  readonly skipped: number
  readonly finished: boolean
}

describe('the whole platform, with the real shop and the real OpenTelemetry SDK', () => {
  let place: Awaited<ReturnType<typeof freshPlace>>
  let ballast: Ballast
  let webhook: Server
  const dir = mkdtempSync(join(tmpdir(), 'ballast-platform-'))
  const deliveries: Delivery[] = []
  const unsigned: string[] = []

  beforeAll(async () => {
    webhook = createServer((request, response) => {
      let body = ''
      request.on('data', (chunk: Buffer) => (body += chunk.toString()))
      request.on('end', () => {
        const id = String(request.headers['webhook-id'])
        const signed = `${id}.${String(request.headers['webhook-timestamp'])}.${body}`
        const signature = createHmac('sha256', Buffer.from(WEBHOOK_SECRET.slice('whsec_'.length), 'base64')).update(signed).digest('base64')
        if (request.headers['webhook-signature'] !== `v1,${signature}`) unsigned.push(id)
        deliveries.push({ ...(JSON.parse(body) as Delivery), id })
        response.writeHead(204).end()
      })
    })
    await new Promise<void>((resolve) => webhook.listen(0, '127.0.0.1', resolve))
    const { port } = webhook.address() as { port: number }
    const tiersFile = join(dir, 'tiers.json')
    writeFileSync(tiersFile, JSON.stringify(TEST_TIERS))
    const objectives = join(dir, 'objectives')
    mkdirSync(objectives)
    writeFileSync(join(objectives, 'storefront.yaml'), TEST_OBJECTIVES)
    writeFileSync(join(objectives, 'broken.yaml'), BROKEN_OBJECTIVES)

    place = await freshPlace()
    ballast = new Ballast({
      stateDir: place.stateDir,
      env: {
        ...place.env,
        SHOP_TRAFFIC_REQUESTS: String(REQUESTS),
        SHOP_TRAFFIC_RATE: '60',
        SHOP_TRAFFIC_SEED: '7',
        SHOP_METRIC_INTERVAL: '1s',
        // What runs by a schedule would leave events at times of its own.
        SHOP_CRON_INTERVAL: '1h',
        SLO_DIR: objectives,
        SLO_TIERS_FILE: tiersFile,
        SLO_TICK: '1s',
        SLO_INGEST_LAG: '2s',
        SLO_WEBHOOK_URL: `http://127.0.0.1:${port}/alerts`,
        SLO_WEBHOOK_SECRET: WEBHOOK_SECRET,
      },
    })
    await ballast.says('Ctrl-C stops everything')
  })

  afterAll(async () => {
    await ballast.clean()
    webhook.closeAllConnections()
    webhook.close()
    for (const each of [dir, dirname(place.stateDir)]) rmSync(each, { recursive: true, force: true })
  })

  async function rows<T>(sql: string): Promise<T[]> {
    const response = await fetch(`http://127.0.0.1:${place.ports.CLICKHOUSE_EMBEDDED_PORT}/?database=otel`, { method: 'POST', body: `${sql} FORMAT JSON` })
    const text = await response.text()
    if (!response.ok) throw new Error(text)
    return (JSON.parse(text) as { data: T[] }).data
  }

  /** The spans and events that the traffic must have left, by the shop's table of spans for each kind of request. */
  let expected: { readonly spans: Record<string, number>; readonly events: Record<string, number>; readonly jobs: number; readonly stats: TrafficStats }

  test('the traffic sends every request and gets an honest answer to each', async () => {
    const stats = await vi.waitFor(
      async () => {
        const now = (await (await fetch(`http://127.0.0.1:${place.ports.SHOP_TRAFFIC_PORT}/stats`)).json()) as TrafficStats
        expect(now.finished).toBe(true)
        return now
      },
      { timeout: 60_000, interval: 250 },
    )
    const { view, unknown, order } = stats.sent
    expect([view + unknown + order, stats.skipped]).toEqual([REQUESTS, 0])
    expect(stats.answers).toMatchObject({ '2xx': view + order, '4xx': unknown, '5xx': 0, timeout: 0, failed: 0 })
    expect(Math.min(view, unknown, order)).toBeGreaterThan(0)
    expected = {
      stats,
      spans: {
        'storefront Server GET /products/:id': view + unknown,
        'storefront Client GET': view + unknown + order,
        'catalog Server GET /products/:id': view + unknown + order,
        'storefront Server POST /orders': order,
        'storefront Client POST': order,
        'checkout Server POST /orders': order,
        'checkout Consumer process orders': order,
      },
      events: { storefront: REQUESTS, catalog: REQUESTS, checkout: order },
      jobs: order,
    }
  })

  test('exactly the expected spans are stored, with names, kinds, durations and status', async () => {
    const total = Object.values(expected.spans).reduce((sum, count) => sum + count, 0)
    await vi.waitFor(async () => expect((await rows<{ n: string }>('SELECT toString(count()) AS n FROM otel_traces'))[0]?.n).toBe(String(total)), { timeout: 30_000, interval: 250 })
    const byName = await rows<{ name: string; n: number }>(`SELECT concat(ServiceName, ' ', SpanKind, ' ', SpanName) AS name, toUInt32(count()) AS n FROM otel_traces GROUP BY name`)
    expect(Object.fromEntries(byName.map(({ name, n }) => [name, n]))).toEqual(expected.spans)
    const [facts] = await rows<Record<string, number>>(`
      SELECT toUInt32(countIf(Duration = 0)) AS instant,
             toUInt32(countIf(StatusCode = 'Error')) AS failed,
             toUInt32(countIf(StatusCode = 'Error' AND SpanKind = 'Client' AND SpanAttributes['http.response.status_code'] = '404')) AS clientNotFound,
             toUInt32(uniqExact(TraceId)) AS traces,
             toUInt32(uniqExact(TraceId, SpanId)) AS ids
      FROM otel_traces`)
    expect(facts).toEqual({ instant: 0, failed: expected.stats.sent.unknown, clientNotFound: expected.stats.sent.unknown, traces: REQUESTS, ids: total })
  })

  test('every trace hangs together across the three services', async () => {
    const links = await rows<{ link: string; n: number }>(`
      SELECT concat(if(parent.SpanId = '', 'root', concat(parent.ServiceName, ' ', parent.SpanKind)), ' > ', child.ServiceName, ' ', child.SpanKind) AS link, toUInt32(count()) AS n
      FROM otel_traces AS child LEFT JOIN otel_traces AS parent ON parent.TraceId = child.TraceId AND parent.SpanId = child.ParentSpanId
      WHERE child.ParentSpanId = '' OR parent.SpanId != ''
      GROUP BY link`)
    const { order } = expected.stats.sent
    expect(Object.fromEntries(links.map(({ link, n }) => [link, n]))).toEqual({
      'root > storefront Server': REQUESTS,
      'storefront Server > storefront Client': REQUESTS + order,
      'storefront Client > catalog Server': REQUESTS,
      'storefront Client > checkout Server': order,
      'checkout Server > checkout Consumer': order,
    })
  })

  test('every request of a service left one event, on the span of that request', async () => {
    const total = Object.values(expected.events).reduce((sum, count) => sum + count, expected.jobs)
    await vi.waitFor(async () => expect((await rows<{ n: string }>('SELECT toString(count()) AS n FROM otel_logs'))[0]?.n).toBe(String(total)), { timeout: 30_000, interval: 250 })
    const byService = await rows<{ service: string; n: number; linked: number; outcomes: string[] }>(`
      SELECT event.ServiceName AS service, toUInt32(count()) AS n, toUInt32(countIf(span.SpanKind = 'Server')) AS linked,
             arraySort(groupUniqArray(event.LogAttributes['work.outcome'])) AS outcomes
      FROM otel_logs AS event LEFT JOIN otel_traces AS span ON span.TraceId = event.TraceId AND span.SpanId = event.SpanId AND span.ServiceName = event.ServiceName
      WHERE event.EventName = 'http.server.request' GROUP BY service`)
    expect(Object.fromEntries(byService.map(({ service, n }) => [service, n]))).toEqual(expected.events)
    expect(byService.filter(({ n, linked }) => n !== linked)).toEqual([])
    expect(byService.find(({ service }) => service === 'checkout')?.outcomes).toEqual(['ok'])
    const [jobs] = await rows<{ n: number; orders: number; ok: number }>(`
      SELECT toUInt32(count()) AS n, toUInt32(uniqExact(LogAttributes['order.id'])) AS orders, toUInt32(countIf(LogAttributes['work.outcome'] = 'ok')) AS ok
      FROM otel_logs WHERE EventName = 'job.pack' AND ServiceName = 'checkout'`)
    expect(jobs).toEqual({ n: expected.jobs, orders: expected.jobs, ok: expected.jobs })
  })

  test('the cache answers most reads of the catalog', async () => {
    const metrics = await (await fetch(`http://127.0.0.1:${place.ports.SHOP_CATALOG_PORT}/metrics`)).text()
    expect(cacheHitRatio(metrics)).toBeGreaterThan(0.5)
  })

  test('the metrics of the services are stored, and count what was done', async () => {
    const { view, unknown, order } = expected.stats.sent
    const reads = async (): Promise<number> => (await rows<{ n: number }>(`
      SELECT toUInt32(sum(last)) AS n FROM (
        SELECT argMax(Value, TimeUnix) AS last FROM otel_metrics_sum WHERE ServiceName = 'catalog' AND MetricName = 'cache.gets' GROUP BY cityHash64(Attributes))`))[0]?.n ?? 0
    await vi.waitFor(async () => expect(await reads()).toBeGreaterThanOrEqual(view + unknown + order), { timeout: 30_000, interval: 500 })
    const kinds = await rows<{ service: string }>(`SELECT DISTINCT ServiceName AS service FROM otel_metrics_histogram WHERE MetricName = 'http.client.request.duration' AND Count > 0`)
    expect(kinds.map(({ service }) => service)).toContain('storefront')
  })

  test('a broken file of objectives is named with file, line and field, and the other file is evaluated', async () => {
    const get = async (path: string): Promise<unknown> => (await fetch(`http://127.0.0.1:${place.ports.SLO_PORT}${path}`)).json()
    const { problems } = (await get('/api/v1/problems')) as { problems: { file: string; line: number; field: string }[] }
    expect(problems).toMatchObject([{ file: 'broken.yaml', line: 6, field: 'spec.budgetingMethod' }])
    const views = expected.stats.sent.view + expected.stats.sent.unknown
    await vi.waitFor(async () => {
      const { objectives } = (await get('/api/v1/objectives')) as { objectives: { slo: string; status: string; total: number }[] }
      expect(objectives).toMatchObject([{ slo: 'storefront-views', status: 'ok', total: views }])
    }, { timeout: 30_000, interval: 250 })
  })

  test('a fault that is switched on fires the alert at the webhook; switched off, it is resolved, under the same id', async () => {
    const faults = `http://127.0.0.1:${place.ports.SHOP_CATALOG_PORT}/faults`
    const visit = async (): Promise<void> => void (await fetch(`http://127.0.0.1:${place.ports.SHOP_STOREFRONT_PORT}/products/1`)).arrayBuffer()
    // A steady trickle of visitors, so that there is something to measure while the fault is on and after.
    const visitors = setInterval(() => void visit().catch(() => {}), 50)
    try {
      const before = Date.now()
      expect((await fetch(faults, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ kind: 'errors', share: 1 }) })).status).toBe(200)
      await vi.waitFor(() => expect(deliveries.map(({ type }) => type)).toEqual(['slo.alert.firing']), { timeout: 60_000, interval: 100 })
      const [firing] = deliveries
      expect(firing!.data).toMatchObject({ slo: 'storefront-views', severity: 'page', tier: '20s/4s' })
      const examples = firing!.data.exampleTraceIds ?? []
      expect(examples.length).toBeGreaterThan(0)
      const [bad] = await rows<{ n: number }>(`SELECT toUInt32(uniqExact(TraceId)) AS n FROM otel_traces WHERE ServiceName = 'storefront' AND SpanKind = 'Server' AND StatusCode = 'Error' AND Timestamp >= fromUnixTimestamp64Milli(${before}) AND TraceId IN (${examples.map((id) => `'${id}'`).join(',')})`)
      expect(bad!.n).toBe(examples.length)

      expect((await fetch(faults, { method: 'DELETE' })).status).toBe(200)
      await vi.waitFor(() => expect(deliveries.map(({ type }) => type)).toEqual(['slo.alert.firing', 'slo.alert.resolved']), { timeout: 90_000, interval: 100 })
      expect(deliveries[1]!.data.alertId).toBe(firing!.data.alertId)
      expect(new Set(deliveries.map(({ id }) => id)).size).toBe(2)
      expect(unsigned).toEqual([])
    } finally {
      clearInterval(visitors)
    }
    // A transition is recorded once it was delivered, so a moment after the webhook has it.
    await vi.waitFor(
      async () => {
        const states = await rows<{ state: string }>('SELECT State AS state FROM ballast_slo_events ORDER BY EventTime')
        expect(states.map(({ state }) => state)).toEqual(['firing', 'resolved'])
      },
      { timeout: 10_000, interval: 100 },
    )
  })

  test('Ctrl-C stops every child in order and leaves nothing running', async () => {
    const pids = ballast.pids()
    expect(pids.length).toBeGreaterThanOrEqual(9)
    expect(await ballast.stop()).toBe('clean')
    expect(stillRunning(pids)).toEqual([])
  })
})
