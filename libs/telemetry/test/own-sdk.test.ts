import { logs } from '@opentelemetry/api'
import { NodeSDK } from '@opentelemetry/sdk-node'
import { InMemoryLogRecordExporter, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs'
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { abandonOpenWorks, configureEvents, RunningWork, unitOfWork } from '../src/index.ts'

describe('in a service with its own OpenTelemetry set-up', () => {
  const stops: (() => unknown)[] = []
  let spans: InMemorySpanExporter
  let events: InMemoryLogRecordExporter

  beforeEach(() => {
    spans = new InMemorySpanExporter()
    events = new InMemoryLogRecordExporter()
    const sdk = new NodeSDK({
      serviceName: 'own',
      spanProcessors: [new SimpleSpanProcessor({ exporter: spans })],
      logRecordProcessors: [new SimpleLogRecordProcessor({ exporter: events })],
      metricReaders: [],
      instrumentations: [],
    })
    sdk.start()
    stops.push(() => sdk.shutdown(), () => logs.disable())
  })

  afterEach(async () => {
    for (const stop of stops.splice(0).toReversed()) await stop()
  })

  test('units of work use it', async () => {
    await unitOfWork('job', async (work) => work.set('job.id', 7))
    await expect.poll(() => events.getFinishedLogRecords()).toMatchObject([{ eventName: 'job', attributes: { 'job.id': 7, 'work.outcome': 'ok' } }])
    const [event] = events.getFinishedLogRecords()
    expect(event?.resource.attributes['service.name']).toBe('own')
    expect(event?.spanContext?.spanId).toBe(spans.getFinishedSpans()[0]?.spanContext().spanId)
  })

  test('sampling can be set, and work that runs can be ended at its shutdown', async () => {
    stops.push(configureEvents({ sampling: { oneIn: 1_000_000 } }))
    for (let job = 0; job < 5; job++) unitOfWork('job', () => {})
    new RunningWork('endless')
    expect(abandonOpenWorks('shutdown')).toBe(1)
    await expect.poll(() => events.getFinishedLogRecords().map(({ eventName }) => eventName)).toEqual(['endless'])
  })
})
