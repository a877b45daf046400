import { createServer, type Server } from 'node:http'
import { metrics } from '@opentelemetry/api'
import { AggregationTemporality, type DataPoint, InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startTelemetry, type Telemetry, unitOfWork } from '../src/index.ts'
import { startOtlpReceiver } from './otlp-receiver.ts'

const telemetries: Telemetry[] = []

afterEach(async () => {
  for (const telemetry of telemetries.splice(0)) await telemetry.shutdown()
})

function start(options: Parameters<typeof startTelemetry>[0]): Telemetry {
  const telemetry = startTelemetry(options)
  telemetries.push(telemetry)
  return telemetry
}

test('a shutdown sends everything, with the given headers, also while a flush is under way', async () => {
  const receiver = await startOtlpReceiver()
  const telemetry = start({ service: 'jobs', endpoint: receiver.url, headers: { 'x-api-key': 'k1' }, env: { OTEL_SERVICE_NAME: 'renamed' }, exportDelay: '1m' })
  for (let job = 0; job < 1500; job++) unitOfWork('job', (work) => work.set('job.id', job))
  const flushing = telemetry.flush()
  for (let job = 1500; job < 3000; job++) unitOfWork('job', (work) => work.set('job.id', job))
  await Promise.all([flushing, telemetry.shutdown()])
  expect(receiver.events.map((event) => event.attributes['job.id']).toSorted((a, b) => Number(a) - Number(b))).toEqual(Array.from({ length: 3000 }, (_, job) => job))
  expect(new Set(receiver.spans.map((span) => span.spanId))).toEqual(new Set(receiver.events.map((event) => event.spanId)))
  expect(receiver.spans).toHaveLength(3000)
  expect(new Set(receiver.events.map((event) => event.service))).toEqual(new Set(['renamed']))
  expect(receiver.headers[0]).toMatchObject({ 'content-type': 'application/x-protobuf', 'x-api-key': 'k1' })
  await receiver.close()
})

describe('a receiver that is away', () => {
  const units = 5_000

  let exporter: InMemoryMetricExporter
  let reader: PeriodicExportingMetricReader
  let silent: Server
  let silentUrl: string

  beforeEach(async () => {
    exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
    reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })
    metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }))
    silent = createServer(() => {})
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    silentUrl = `http://127.0.0.1:${(silent.address() as { port: number }).port}`
  })

  afterEach(async () => {
    metrics.disable()
    await reader.shutdown()
    silent.closeAllConnections()
    await new Promise((resolve) => silent.close(resolve))
  })

  async function afterWorkWith(endpoint: string): Promise<{ queued: number; processed: Map<string, number> }> {
    const telemetry = start({ service: 'jobs', endpoint, maxQueueSize: 200, maxBatchSize: 50, exportTimeout: 300, shutdownTimeout: '2s' })
    for (let job = 0; job < units; job++) {
      unitOfWork('job', () => {})
      if (job % 1000 === 999) await new Promise((resolve) => setImmediate(resolve))
    }
    const queued = (await valuesOf('otel.sdk.processor.log.queue.size')).get('none')!
    await telemetry.shutdown()
    return { queued, processed: await valuesOf('otel.sdk.processor.log.processed') }
  }

  async function valuesOf(name: string): Promise<Map<string, number>> {
    await reader.forceFlush()
    const last = exporter.getMetrics().at(-1)!.scopeMetrics.flatMap((scope) => scope.metrics)
    const points = last.filter((metric) => metric.descriptor.name === name).flatMap((metric): DataPoint<unknown>[] => metric.dataPoints)
    return new Map(points.map((point) => [(point.attributes['error.type'] as string | undefined) ?? 'none', Number(point.value)]))
  }

  test('costs a bounded queue, and what is dropped is counted', async () => {
    const { queued, processed } = await afterWorkWith('http://127.0.0.1:9')
    expect(queued).toBeLessThanOrEqual(200)
    expect(processed.get('queue_full')).toBeGreaterThan(units / 2)
    expect(processed.has('none')).toBe(false)
    // Each unit of work, and the event that reports the loss.
    expect([...processed.values()].reduce((sum, count) => sum + count, 0)).toBe(units + 1)
  })

  test('and accepts connections without ever answering costs no more', async () => {
    const { queued, processed } = await afterWorkWith(silentUrl)
    expect(queued).toBeLessThanOrEqual(200)
    expect(processed.get('queue_full')).toBeGreaterThan(units / 2)
  })

  test('is given up at the deadline of a shutdown, so that the process can end', async () => {
    const telemetry = start({ service: 'jobs', endpoint: silentUrl, maxBatchSize: 5, exportTimeout: 400, shutdownTimeout: 50 })
    for (let job = 0; job < 2000; job++) unitOfWork('job', () => {})
    await telemetry.shutdown()
    // 400 batches: a try of each would take minutes.
    const processed = async (): Promise<number> => [...(await valuesOf('otel.sdk.processor.log.processed')).values()].reduce((sum, count) => sum + count, 0)
    await expect.poll(processed, { timeout: 5_000 }).toBe(2000)
  })
})
