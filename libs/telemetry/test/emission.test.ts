import { afterEach, describe, expect, test } from 'vitest'
import { EventPolicy } from '../src/emission/event-policy.ts'
import { FloodControl } from '../src/emission/flood-control.ts'
import { beat } from '../src/emission/heartbeats.ts'
import { openWorks } from '../src/emission/open-works.ts'
import { Sampling } from '../src/emission/sampling.ts'
import { currentWork, RunningWork, type TelemetryOptions, unitOfWork } from '../src/index.ts'
import { inMemoryTelemetry } from './in-memory-telemetry.ts'

const traceIds = Array.from({ length: 20_000 }, (_, index) => {
  // A hash with well-mixed bits; the last 56 bits count.
  const bits = (BigInt(index + 1) * 0x9e3779b97f4a7c15n) & ((1n << 56n) - 1n)
  return `${'0'.repeat(18)}${bits.toString(16).padStart(14, '0')}`
})

describe('sampling', () => {
  test('keeps what failed and what was slow, with a weight of 1', () => {
    const sampling = new Sampling({ oneIn: 1_000_000, slowMs: 500 })
    const unlucky = '0'.repeat(32)
    for (const outcome of ['error', 'degraded', 'aborted'] as const) expect(sampling.weight(outcome, 1, unlucky)).toBe(1)
    expect(sampling.weight('ok', 500, unlucky)).toBe(1)
    expect([sampling.weight('ok', 499, unlucky), sampling.weight('rejected', 1, unlucky)]).toEqual([0, 0])
  })

  test('keeps the same traces in every service, and weights that add up', () => {
    const [one, other] = [new Sampling({ oneIn: 8 }), new Sampling({ oneIn: 8 })]
    expect(traceIds.map((id) => one.weight('ok', 1, id))).toEqual(traceIds.map((id) => other.weight('rejected', 2, id)))
    const weighted = traceIds.reduce((sum, id) => sum + one.weight('ok', 1, id), 0)
    expect(Math.abs(weighted - traceIds.length)).toBeLessThan(8 * 5 * Math.sqrt(traceIds.length * (1 / 8) * (7 / 8)))
  })

  test('with a higher rate keeps a part of what a lower rate keeps', () => {
    const [few, many] = [new Sampling({ oneIn: 16 }), new Sampling({ oneIn: 4 })]
    expect(traceIds.filter((id) => few.weight('ok', 1, id) > 0 && many.weight('ok', 1, id) === 0)).toEqual([])
  })

  test('works by chance where there is no trace', () => {
    expect([0, 0.89, 0.91].map((random) => new Sampling({ oneIn: 10 }, () => random).weight('ok', 1, undefined))).toEqual([0, 0, 10])
  })
})

describe('a flood of failures', () => {
  test('is cut off, and the next event of its kind carries how many were held back', () => {
    let nowMs = 0
    const floods = new FloodControl({ perSecond: 10, burst: 3 }, () => nowMs)
    expect(Array.from({ length: 6 }, () => floods.pass('a', 1))).toEqual([0, 0, 0, undefined, undefined, undefined])
    expect(floods.pass('b', 1)).toBe(0)
    nowMs = 100
    expect([floods.pass('a', 1), floods.pass('a', 1)]).toEqual([3, undefined])
    nowMs = 10_000
    expect(floods.pass('a', 1)).toBe(1)
    expect(floods.suppressedTotal).toBe(4)
  })

  test('leaves weights whose sum is right', () => {
    const policy = new EventPolicy({ floods: { perSecond: 1, burst: 2 } })
    const failed = { name: 'job', outcome: 'error', durationMs: 1, errorType: 'EIO', traceId: undefined } as const
    const weights = Array.from({ length: 5 }, () => policy.decide(failed).weight)
    expect(weights).toEqual([1, 1, 0, 0, 0])
    expect(Array.from({ length: 5 }, () => policy.decide({ ...failed, outcome: 'ok', errorType: undefined }).weight)).toEqual([1, 1, 1, 1, 1])
    expect(weights.reduce((sum, weight) => sum + weight, 0) + policy.suppressedTotal).toBe(5)
  })
})

describe('with an SDK', () => {
  let memory: ReturnType<typeof inMemoryTelemetry>

  afterEach(() => memory.telemetry.shutdown())

  function start(options: Partial<TelemetryOptions> = {}): void {
    memory = inMemoryTelemetry(options)
  }

  test('floods are told about on the events that pass, and in a report', async () => {
    start({ floods: { perSecond: 0.001, burst: 1 } })
    for (let job = 0; job < 5; job++) unitOfWork('job', (work) => work.fail(new RangeError('no')))
    expect((await memory.events()).filter(({ eventName }) => eventName === 'job')).toHaveLength(1)
    expect(await memory.spans()).toHaveLength(5)
    await expect.poll(async () => (await memory.events()).at(-1)).toMatchObject({ eventName: 'telemetry.loss', attributes: { 'telemetry.dropped_events': 0, 'telemetry.suppressed_events': 4 } })
  })

  test('what a full queue dropped is the oldest, and is reported when the receiver takes events again', async () => {
    start({ maxQueueSize: 10, maxBatchSize: 10, exportDelay: '1m' })
    for (let job = 0; job < 25; job++) unitOfWork('job', { span: false }, (work) => work.set('job.id', job))
    await expect.poll(async () => (await memory.events()).at(-1)).toMatchObject({ eventName: 'telemetry.loss', attributes: { 'telemetry.dropped_events': 15, 'telemetry.dropped_spans': 0 } })
    expect((await memory.events()).filter(({ eventName }) => eventName === 'job').map(({ attributes }) => attributes['job.id'])).toEqual([15, 16, 17, 18, 19, 20, 21, 22, 23, 24])
  })

  test('work that runs long says so in events of another name', async () => {
    start({ heartbeat: false })
    const [long, short] = [new RunningWork('import', { now: () => 1_000, fields: { file: 'a.csv' } }), new RunningWork('import', { now: () => 1_900 })]
    expect([beat(1_000, 2_000), beat(1_000, 2_500)]).toEqual([1, 1])
    long.end()
    short.end()
    const events = await memory.events()
    expect(events.map(({ eventName }) => eventName)).toEqual(['work.heartbeat', 'work.heartbeat', 'import', 'import'])
    expect(events.slice(0, 2).map(({ attributes }) => attributes)).toEqual([
      { 'work.name': 'import', 'work.heartbeat': 1, 'work.duration_ms': 0, file: 'a.csv' },
      { 'work.name': 'import', 'work.heartbeat': 2, 'work.duration_ms': 0, file: 'a.csv' },
    ])
    expect(events[0]?.spanContext?.spanId).toBe(events[2]?.spanContext?.spanId)
    expect(openWorks.size).toBe(0)
  })

  test('work that is folded adds to the work around it and has no event of its own', async () => {
    start()
    let clock = 0
    const now = (): number => clock
    await unitOfWork('page', { now }, async () => {
      for (const size of [1, 2]) {
        await unitOfWork('image', { fold: true, now }, async (work) => {
          work.add('bytes', size)
          work.set('format', `f${size}`)
          currentWork().time('decode', () => (clock += 2))
          if (size === 2) work.outcome('degraded')
        })
      }
      expect(() => unitOfWork('image', { fold: true, now }, () => { throw new RangeError('no image') })).toThrow('no image')
    })
    const events = await memory.events()
    expect(events.map(({ attributes }) => attributes)).toEqual([
      {
        'work.outcome': 'ok', 'work.duration_ms': 4,
        'work.timer.image.decode.count': 2, 'work.timer.image.decode.total_ms': 4, 'work.timer.image.decode.max_ms': 2,
        'work.timer.image.count': 3, 'work.timer.image.total_ms': 4, 'work.timer.image.max_ms': 2, 'work.timer.image.failed.internal': 1,
        'image.bytes': 3, 'image.format': 'f2', 'image.degraded': 1,
      },
    ])
    expect((await memory.spans()).map(({ name }) => name)).toEqual(['image', 'image', 'image', 'page'])
  })

  test('work that would be folded stands alone where there is nothing around it', async () => {
    start()
    unitOfWork('image', { fold: true }, () => {})
    expect((await memory.events()).map(({ eventName }) => eventName)).toEqual(['image'])
  })

  test('a shutdown ends the work that still runs', async () => {
    start()
    void unitOfWork('endless', () => new Promise(() => {}))
    await memory.telemetry.shutdown()
    expect(memory.keptEvents()).toMatchObject([{ eventName: 'endless', attributes: { 'work.outcome': 'aborted', 'work.end_reason': 'shutdown' } }])
  })
})
