import { metrics } from '@opentelemetry/api'
import { type DataPoint, InMemoryMetricExporter, AggregationTemporality, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { cacheFixture } from './cache-fixture.ts'
import { DeferredLoader } from './deferred-loader.ts'
import { FakeClock, settle, MemoryServer, MemoryTier } from '../src/testing/testing.ts'

const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })
const provider = new MeterProvider({ readers: [reader] })

beforeAll(() => {
  metrics.setGlobalMeterProvider(provider)
})

afterAll(async () => {
  metrics.disable()
  await provider.shutdown()
})

/** The points that one collection shows of an instrument. */
async function collect(instrument: string): Promise<DataPoint<number>[]> {
  exporter.reset()
  await reader.forceFlush()
  const found = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics)).filter(({ descriptor }) => descriptor.name === instrument)
  return found.flatMap(({ dataPoints }) => dataPoints as DataPoint<number>[])
}

test('every get is counted once, by tier and result, and keys are not attributes', async () => {
  const { cache } = cacheFixture({ namespace: 'shop' })
  const products = cache.define<string | null>({ name: 'product', load: (id) => (id === 'gone' ? null : id), softTtl: '1m', hardTtl: '1m' })
  await Promise.all([products.get('secret-id'), products.get('secret-id')])
  await products.get('secret-id')
  await products.get('gone')
  await products.get('gone')
  const points = (await collect('cache.gets')).filter(({ attributes, value }) => attributes['cache.name'] === 'product' && value > 0)
  expect(points.map(({ attributes, value }) => [attributes['cache.namespace'], attributes['cache.tier'], attributes['cache.result'], value])).toEqual([
    ['shop', 'local', 'fresh', 1],
    ['shop', 'local', 'negative', 1],
    ['shop', 'none', 'coalesced', 1],
    ['shop', 'none', 'miss', 2],
  ])
  expect(JSON.stringify(points)).not.toContain('secret-id')
  expect((await collect('cache.size')).find(({ attributes }) => attributes['cache.name'] === 'product')?.value).toBe(2)
  expect((await collect('cache.limit')).find(({ attributes }) => attributes['cache.name'] === 'product')?.value).toBe(10_000)
  await cache.close()
})

test('metrics say whether changes are heard and how many loads run, wait and were refused', async () => {
  const clock = new FakeClock()
  const shared = new MemoryTier(new MemoryServer(clock))
  shared.track()
  const { cache } = cacheFixture({ namespace: 'heard', clock, shared, loads: { maxConcurrent: 1, maxQueued: 1 } })
  const loader = new DeferredLoader<string>()
  const products = cache.define({ name: 'product', load: loader.load, softTtl: '1m', hardTtl: '1m' })
  const answers = Promise.allSettled([products.get('1'), products.get('2'), products.get('3')])
  await settle()
  const valueOf = async (instrument: string, result?: string): Promise<number | undefined> =>
    (await collect(instrument)).find(({ attributes }) => attributes['cache.namespace'] === 'heard' && attributes['cache.name'] !== '~' && attributes['cache.result'] === result)?.value
  expect(await valueOf('cache.tracking.live')).toBe(1)
  expect([await valueOf('cache.loads.running'), await valueOf('cache.loads.queued'), await valueOf('cache.loads.shed'), await valueOf('cache.gets', 'shed')]).toEqual([1, 1, 1, 1])
  await shared.cut()
  expect(await valueOf('cache.tracking.live')).toBe(0)
  loader.last.resolve('v')
  await settle()
  loader.last.resolve('v')
  await answers
  await cache.close()
})

test.each([
  ['tracking', [1, 0, 0], 1],
  ['pubsub', [0, 1, 0], 1],
  [undefined, [0, 0, 1], 0],
] as const)('metrics say by what local copies agree, and how often that changed: %s', async (by, states, changes) => {
  const namespace = `by-${by}`
  const shared = new MemoryTier(new MemoryServer(new FakeClock()))
  if (by !== undefined) shared.track(undefined, true, by)
  const { cache } = cacheFixture({ namespace, shared })
  const points = async (instrument: string): Promise<unknown[]> => (await collect(instrument)).filter(({ attributes }) => attributes['cache.namespace'] === namespace).map(({ attributes, value }) => [attributes['cache.coherence.state'], value])
  expect(await points('cache.coherence')).toEqual(['tracking', 'pubsub', 'none'].map((state, i) => [state, states[i]]))
  expect(await points('cache.coherence.changes')).toEqual([[undefined, changes]])
  await cache.close()
})

test('a closed cache is not read any more', async () => {
  const { cache } = cacheFixture({ namespace: 'closed' })
  const stats = vi.spyOn(cache, 'stats')
  await collect('cache.gets')
  expect(stats).toHaveBeenCalledTimes(1)
  await cache.close()
  await collect('cache.gets')
  expect(stats).toHaveBeenCalledTimes(1)
})

test('loads, waits for other processes and the age of stale answers are histograms in seconds', async () => {
  const clock = new FakeClock()
  const server = new MemoryServer(clock)
  const loader = new DeferredLoader<string>()
  const [a, b] = [0, 1].map((i) => cacheFixture({ namespace: `timed${i}`, clock, shared: new MemoryTier(server) }).cache.define({ name: 'product', load: loader.load, softTtl: '10s', hardTtl: '1h', beta: 0, jitter: 0 }))
  const loading = a!.get('1')
  await clock.advance(0)
  const waiting = b!.get('1')
  await clock.advance(2_000)
  loader.last.resolve('v')
  await loading
  await clock.advance(200)
  await waiting
  await clock.advance(8_800)
  expect(await a!.get('1')).toBe('v')
  const sums = async (instrument: string): Promise<unknown[]> =>
    (await collect(instrument)).map(({ attributes, value }) => {
      const { count, sum } = value as unknown as { count: number; sum: number }
      return [attributes['cache.namespace'], count, Math.round(sum)]
    })
  expect(await sums('cache.load.duration')).toContainEqual(['timed0', 1, 2])
  expect(await sums('cache.lease.wait.duration')).toEqual([['timed1', 1, 2]])
  expect(await sums('cache.stale.age')).toEqual([['timed0', 1, 1]])
})
