import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { type ReceivedEvent, type ReceivedSpan, startOtlpReceiver } from '../../../libs/telemetry/test/otlp-receiver.ts'
import { type AppProcess, startApp } from '../../../scripts/stack/app-process.ts'
import { freePort } from '../../../scripts/stack/free-port.ts'
import type { TrafficSnapshot } from '../src/traffic/traffic-stats.ts'

const [SERVER, CLIENT, CONSUMER] = [2, 3, 5]

describe('the shop', () => {
  const dir = mkdtempSync(join(tmpdir(), 'ballast-shop-'))
  const apps: AppProcess[] = []
  let receiver: Awaited<ReturnType<typeof startOtlpReceiver>>
  let env: Record<string, string>
  let urls: { storefront: string; catalog: string; checkout: string; traffic: string }

  beforeAll(async () => {
    receiver = await startOtlpReceiver()
    const [storefront, catalog, checkout, traffic] = [await freePort(), await freePort(), await freePort(), await freePort()]
    const at = (port: number): string => `http://127.0.0.1:${port}`
    urls = { storefront: at(storefront), catalog: at(catalog), checkout: at(checkout), traffic: at(traffic) }
    env = {
      LOG_LEVEL: 'warn',
      REDIS_URL: inject('redisUrl'),
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      SHOP_STOREFRONT_PORT: String(storefront),
      SHOP_CATALOG_PORT: String(catalog),
      SHOP_CHECKOUT_PORT: String(checkout),
      SHOP_TRAFFIC_PORT: String(traffic),
      SHOP_DATA_DIR: dir,
      SHOP_CACHE_NAMESPACE: `shop-${process.pid}`,
      SHOP_TELEMETRY_DELAY: '50ms',
      SHOP_METRIC_INTERVAL: '500ms',
      SHOP_PRODUCTS: '1000',
      SHOP_TRAFFIC_REQUESTS: '500',
      SHOP_TRAFFIC_RATE: '250',
      SHOP_TRAFFIC_SEED: '7',
      SHOP_TRAFFIC_MAX_CONCURRENCY: '500',
      // What runs by a schedule would leave events at times of its own.
      SHOP_CRON_INTERVAL: '1h',
      // A busy machine is slow, not wrong.
      SHOP_TRAFFIC_TIMEOUT: '20s',
      SHOP_DOWNSTREAM_TIMEOUT: '20s',
    }
    for (const name of ['catalog', 'checkout', 'storefront']) apps.push(await startApp({ app: 'shop', entry: `src/${name}/main.ts`, env }))
  })

  afterAll(async () => {
    for (const app of apps.toReversed()) await app.stop()
    await receiver.close()
    rmSync(dir, { recursive: true, force: true })
  })

  /** Waits until the trace of the one request that `send` makes has so many spans and events. */
  async function traceOf(send: () => Promise<Response>, expected: { spans: number; events: number; status: number }): Promise<{ spans: ReceivedSpan[]; events: ReceivedEvent[] }> {
    const [spansBefore, eventsBefore] = [receiver.spans.length, receiver.events.length]
    expect((await send()).status).toBe(expected.status)
    const counts = (): number[] => [receiver.spans.length - spansBefore, receiver.events.length - eventsBefore]
    await expect.poll(counts, { timeout: 10_000 }).toEqual([expected.spans, expected.events])
    const [spans, events] = [receiver.spans.slice(spansBefore), receiver.events.slice(eventsBefore)]
    expect(new Set([...spans, ...events].map(({ traceId }) => traceId)).size).toBe(1)
    const units = spans.filter(({ kind }) => kind !== CLIENT)
    expect(events.map(({ service, spanId }) => `${service} ${spanId}`).toSorted()).toEqual(units.map(({ service, spanId }) => `${service} ${spanId}`).toSorted())
    return { spans, events }
  }

  /** The spans as a tree of lines, children under their parent in the order of their services. */
  function tree(spans: readonly ReceivedSpan[], parentSpanId = '', indent = ''): string[] {
    const children = spans.filter((span) => span.parentSpanId === parentSpanId).map((span) => {
      const kind = { [SERVER]: 'SERVER', [CLIENT]: 'CLIENT', [CONSUMER]: 'CONSUMER' }[span.kind]
      return [`${indent}${span.service} ${kind} ${span.name}`, ...tree(spans, span.spanId, `${indent}  `)]
    })
    return children.toSorted((a, b) => a.join().localeCompare(b.join())).flat()
  }

  const view = (id: string): Promise<Response> => fetch(`${urls.storefront}/products/${id}`)
  const order = (key: string, quantity = 2): Promise<Response> =>
    fetch(`${urls.storefront}/orders`, { method: 'POST', headers: { 'content-type': 'application/json', 'idempotency-key': key }, body: JSON.stringify({ productId: '7', quantity }) })

  test('a view is one trace over storefront and catalog, with one event for each', async () => {
    const { spans, events } = await traceOf(() => view('999'), { spans: 3, events: 2, status: 200 })
    expect(tree(spans)).toEqual(['storefront SERVER GET /products/:id', '  storefront CLIENT GET', '    catalog SERVER GET /products/:id'])
    const [catalog, storefront] = events.toSorted((a, b) => a.service.localeCompare(b.service))
    expect(catalog?.attributes).toMatchObject({ 'product.id': '999', 'cache.outcome': 'miss', 'cache.misses': 1, 'work.timer.db.count': 1, 'work.outcome': 'ok' })
    expect(storefront?.attributes).toMatchObject({ 'product.id': '999', 'work.timer.catalog.count': 1, 'http.response.status_code': 200 })
    const again = await traceOf(() => view('999'), { spans: 3, events: 2, status: 200 })
    expect(again.events.find(({ service }) => service === 'catalog')?.attributes).toMatchObject({ 'cache.hits': 1, 'product.id': '999' })
  })

  test('an order is one trace over all three, and written once for its key', async () => {
    const { spans, events } = await traceOf(() => order('key-1'), { spans: 6, events: 4, status: 201 })
    expect(tree(spans)).toEqual([
      'storefront SERVER POST /orders',
      '  storefront CLIENT GET',
      '    catalog SERVER GET /products/:id',
      '  storefront CLIENT POST',
      '    checkout SERVER POST /orders',
      '      checkout CONSUMER process orders',
    ])
    const [taken, packed] = ['http.server.request', 'job.pack'].map((name) => events.find(({ service, eventName }) => service === 'checkout' && eventName === name))
    expect([taken?.attributes['work.timer.queue.count'], packed?.attributes['order.id']]).toEqual([expect.any(Number), taken?.attributes['order.id']])
    expect(events.find(({ service }) => service === 'storefront')?.attributes).toMatchObject({ 'work.timer.catalog.count': 1, 'work.timer.checkout.count': 1 })
    const [first, second] = (await Promise.all([order('key-2'), order('key-2')].map(async (response) => (await response).json()))) as { id: string }[]
    expect(first?.id).toBe(second?.id)
    expect((await order('key-2', 3)).status).toBe(422)
  })

  test('bad input gets a clear 4xx', async () => {
    const unknown = await view('no-such-product')
    expect([unknown.status, await unknown.json()]).toEqual([404, { error: { code: 'PRODUCT_UNKNOWN', message: 'there is no product no-such-product' } }])
    expect((await order('key-3', 0)).status).toBe(400)
    expect((await fetch(`${urls.catalog}/products?ids=1,2,nope`)).status).toBe(200)
    expect((await fetch(`${urls.catalog}/products?ids=`)).status).toBe(400)
    expect((await fetch(urls.storefront)).headers.get('content-type')).toContain('text/html')
  })

  test('a fault in the catalog is an error there and in the storefront, until it is switched off', async () => {
    // Lets the telemetry of the requests before arrive, so that the next to come is this one's.
    await traceIsQuiet()
    await fetch(`${urls.catalog}/faults`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ kind: 'errors', share: 1 }) })
    const { events } = await traceOf(() => view('1'), { spans: 3, events: 2, status: 502 })
    expect(new Map(events.map(({ service, attributes }) => [service, [attributes['work.outcome'], attributes['error.type'], attributes['http.response.status_code']]]))).toEqual(
      new Map([['catalog', ['error', 'FAULT_INJECTED', 500]], ['storefront', ['error', 'DEPENDENCY_FAILED', 502]]]),
    )
    await fetch(`${urls.catalog}/faults`, { method: 'DELETE' })
    expect((await view('1')).status).toBe(200)
  })

  test('500 requests of seeded traffic leave exactly the spans and events they should, and mostly hit the cache', async () => {
    await traceIsQuiet()
    const [spansBefore, eventsBefore] = [receiver.spans.length, receiver.events.length]
    const traffic = await startApp({ app: 'shop', entry: 'src/traffic/main.ts', env })
    apps.push(traffic)
    const stats = async (): Promise<TrafficSnapshot> => (await fetch(`${urls.traffic}/stats`)).json() as Promise<TrafficSnapshot>
    await expect.poll(async () => (await stats()).finished, { timeout: 20_000 }).toBe(true)
    const { sent, answers, skipped } = await stats()
    expect([answers['2xx'], answers['4xx'], skipped]).toEqual([sent.view + sent.order, sent.unknown, 0])
    const expectedSpans = 3 * (sent.view + sent.unknown) + 6 * sent.order
    await expect.poll(() => receiver.spans.length - spansBefore, { timeout: 10_000 }).toBe(expectedSpans)
    await expect.poll(() => receiver.events.length - eventsBefore, { timeout: 10_000 }).toBe(2 * (sent.view + sent.unknown) + 4 * sent.order)
    const roots = receiver.spans.slice(spansBefore).filter(({ parentSpanId }) => parentSpanId === '')
    expect(roots).toHaveLength(500)
    expect(new Set(roots.map(({ service, kind }) => `${service} ${kind}`))).toEqual(new Set([`storefront ${SERVER}`]))
    const bySize = Map.groupBy(Map.groupBy(receiver.spans.slice(spansBefore), ({ traceId }) => traceId).values(), (spans) => spans.length)
    expect(new Map([...bySize].map(([size, traces]) => [size, traces.length]))).toEqual(new Map([[3, sent.view + sent.unknown], [6, sent.order]]))
    expect(new Set([...bySize.values()].flat().map((spans) => tree(spans).length - spans.length))).toEqual(new Set([0]))
    const reads = receiver.events.slice(eventsBefore).filter(({ service }) => service === 'catalog').map(({ attributes }) => attributes['cache.outcome'])
    expect(reads).toHaveLength(500)
    expect(reads.filter((outcome) => outcome !== 'miss').length / reads.length).toBeGreaterThan(0.5)
  })

  test('its services send the metrics of the cache, of their calls and of their telemetry, which leave no trace of their own', async () => {
    await traceIsQuiet()
    const spans = receiver.spans.length
    const sent = (service: string): string[] => [...new Set(receiver.metrics.filter((metric) => metric.service === service).map(({ name }) => name))]
    await expect.poll(() => sent('catalog')).toEqual(expect.arrayContaining(['cache.gets', 'otel.sdk.processor.span.processed']))
    await expect.poll(() => sent('storefront')).toContain('http.client.request.duration')
    const exports = receiver.metrics.length
    await expect.poll(() => receiver.metrics.length).toBeGreaterThan(exports)
    expect(receiver.spans.length).toBe(spans)
  })

  /** Waits until every SERVER span has its event and no more have come since the last look. */
  async function traceIsQuiet(): Promise<void> {
    let last = -1
    await expect.poll(() => {
      const before = last
      last = receiver.spans.length
      return last === before && receiver.events.length === receiver.spans.filter(({ kind }) => kind !== CLIENT).length
    }, { timeout: 20_000, interval: 300 }).toBe(true)
  }
})

describe('the shop with samples, schedules and a log of failures', () => {
  test('sampled requests add up by their weights, prices are reviewed, and debug lines of a failure alone are written', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'ballast-shop-'))
    const receiver = await startOtlpReceiver()
    const [storefront, catalog, checkout] = [await freePort(), await freePort(), await freePort()]
    const lines: { level: string; msg: string; trace_id?: string; status?: number }[] = []
    const env = {
      LOG_LEVEL: 'warn',
      REDIS_URL: inject('redisUrl'),
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      SHOP_STOREFRONT_PORT: String(storefront),
      SHOP_CATALOG_PORT: String(catalog),
      SHOP_CHECKOUT_PORT: String(checkout),
      SHOP_DATA_DIR: dir,
      SHOP_CACHE_NAMESPACE: `shop-sampled-${process.pid}`,
      SHOP_TELEMETRY_DELAY: '50ms',
      SHOP_PRODUCTS: '100',
      SHOP_SAMPLE_ONE_IN: '4',
      SHOP_CRON_INTERVAL: '100ms',
    }
    const apps = await Promise.all(['catalog', 'storefront'].map((name) => startApp({ app: 'shop', entry: `src/${name}/main.ts`, env, onLine: (line) => lines.push(JSON.parse(line)) })))
    try {
      const view = async (id: number): Promise<number> => (await fetch(`http://127.0.0.1:${storefront}/products/${id}`)).status
      const views = 400
      for (let from = 0; from < views; from += 20) await Promise.all(Array.from({ length: 20 }, (_, i) => view(1 + ((from + i) % 100))))
      expect(await view(1)).toBe(200)
      // On a busy machine a turn is skipped while the one before it still runs.
      const review = (): unknown => receiver.events.find(({ eventName, attributes }) => eventName === 'price.review' && attributes['work.outcome'] !== 'rejected')
      await expect.poll(review, { timeout: 20_000 }).toBeDefined()
      expect(review()).toMatchObject({ service: 'catalog', attributes: { 'price.reviewed': 5, 'work.timer.price.change.count': 5 } })
      expect(lines).toEqual([])

      expect((await fetch(`http://127.0.0.1:${catalog}/faults`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ kind: 'errors', share: 1 }) })).status).toBe(200)
      expect(await view(2)).toBe(502)
      await expect.poll(() => receiver.events.find(({ service, attributes }) => service === 'storefront' && attributes['work.outcome'] === 'error')?.traceId, { timeout: 10_000 }).toBeDefined()
      const failed = receiver.events.find(({ service, attributes }) => service === 'storefront' && attributes['work.outcome'] === 'error')
      expect(lines.filter(({ level }) => level === 'debug')).toMatchObject([{ msg: 'answered', status: 500, trace_id: failed?.traceId }])

      const logLevel = await fetch(`http://127.0.0.1:${storefront}/log-level`, { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ level: 'debug' }) })
      expect([logLevel.status, await logLevel.json()]).toEqual([200, { level: 'debug' }])
      await fetch(`http://127.0.0.1:${catalog}/faults`, { method: 'DELETE' })
      expect(await view(3)).toBe(200)
      expect(lines).toContainEqual(expect.objectContaining({ level: 'debug', status: 200 }))
    } finally {
      for (const app of apps) await app.stop()
      await receiver.close()
      rmSync(dir, { recursive: true, force: true })
    }
    const requests = receiver.events.filter(({ service, eventName }) => service === 'storefront' && eventName === 'http.server.request')
    const weight = requests.reduce((sum, { attributes }) => sum + Number(attributes['SampleRate'] ?? 1), 0)
    expect(requests.length).toBeLessThan(300)
    // 403 requests, one in four kept: the weights add up to that within five standard deviations.
    expect(Math.abs(weight - 403)).toBeLessThan(5 * Math.sqrt(403 * 3))
  })
})

describe('the shop as one command', () => {
  test('runs every service in a process of its own, and stops all of them', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'ballast-shop-'))
    const names = ['STOREFRONT', 'CATALOG', 'CHECKOUT', 'TRAFFIC'] as const
    const ports = await Promise.all(names.map(() => freePort()))
    const shop = await startApp({
      app: 'shop',
      env: {
        LOG_LEVEL: 'warn',
        REDIS_URL: inject('redisUrl'),
        OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
        SHOP_DATA_DIR: dir,
        SHOP_PRODUCTS: '100',
        ...Object.fromEntries(names.map((name, index) => [`SHOP_${name}_PORT`, String(ports[index])])),
      },
    })
    const alive = (): Promise<boolean[]> => Promise.all(ports.map((port) => fetch(`http://127.0.0.1:${port}/livez`).then((response) => response.ok, () => false)))
    expect(await alive()).toEqual([true, true, true, true])
    await shop.stop()
    expect(shop.process.exitCode).toBe(0)
    expect(await alive()).toEqual([false, false, false, false])
    rmSync(dir, { recursive: true, force: true })
  })
})
