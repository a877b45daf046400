import { AsyncResource } from 'node:async_hooks'
import { EventEmitter } from 'node:events'
import { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { runInNewContext } from 'node:vm'
import { logs, SeverityNumber, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { currentWork, startTelemetry, type TelemetryError, unitOfWork } from '../src/index.ts'
import { workStorage } from '../src/work/current-work.ts'
import { inMemoryTelemetry } from './in-memory-telemetry.ts'

describe('a unit of work', () => {
  let memory: ReturnType<typeof inMemoryTelemetry>
  let clock = 0
  const now = (): number => clock

  beforeEach(() => {
    clock = 1000
    memory = inMemoryTelemetry({ version: '1.2.3', environment: 'test' })
  })

  afterEach(() => memory.telemetry.shutdown())

  test('leaves beside the log records of others, in their order and with the same resource', async () => {
    const logger = logs.getLogger('other', '2.0.0')
    unitOfWork('first', () => logger.emit({ body: 'inside', attributes: { kept: [1, 2], wrong: (() => {}) as never } }))
    const [record, event] = await memory.events()
    expect([record?.body, record?.instrumentationScope.name, record?.attributes]).toEqual(['inside', 'other', { kept: [1, 2] }])
    expect([event?.eventName, event?.instrumentationScope.name]).toEqual(['first', '@ballast/telemetry'])
    expect([event?.resource, event?.spanContext?.spanId]).toEqual([record?.resource, record?.spanContext?.spanId])
    expect(event?.spanContext?.spanId).toMatch(/^[0-9a-f]{16}$/)
  })

  test('becomes one event with its fields, counters, timers and duration', async () => {
    const result = unitOfWork('invoice.send', { now, fields: { 'invoice.id': 'i-1' } }, (work) => {
      work.set('customer.plan', 'pro')
      work.set('customer.plan', 'free')
      work.set('customer.note', undefined)
      currentWork().add('invoice.lines', 2)
      currentWork().add('invoice.lines')
      clock += 5
      return 42
    })
    expect(result).toBe(42)
    const events = await memory.events()
    expect(events).toHaveLength(1)
    expect([events[0]?.eventName, events[0]?.severityNumber, events[0]?.body]).toEqual(['invoice.send', SeverityNumber.INFO, 'invoice.send ok'])
    expect(events[0]?.attributes).toEqual({ 'invoice.id': 'i-1', 'customer.plan': 'free', 'invoice.lines': 3, 'work.outcome': 'ok', 'work.duration_ms': 5 })
    expect(events[0]?.resource.attributes).toMatchObject({ 'service.name': 'demo', 'service.version': '1.2.3', 'deployment.environment.name': 'test', 'process.pid': process.pid, 'process.runtime.name': 'nodejs', 'telemetry.sdk.language': 'nodejs' })
  })

  test('adds up timers that repeat, nest, run at once or throw', async () => {
    await unitOfWork('job', { now }, async (work) => {
      work.time('outer', () => {
        clock += 1
        work.time('db', () => (clock += 4))
      })
      await work.time('db', async () => {
        clock += 6
        await Promise.resolve()
      })
      expect(() => work.time('db', () => { clock += 1; throw new Error('gone') })).toThrow('gone')
      await expect(work.time('queue', () => Promise.reject(new Error('full')))).rejects.toThrow('full')
    })
    expect((await memory.events())[0]?.attributes).toEqual({
      'work.outcome': 'ok',
      'work.duration_ms': 12,
      'work.timer.outer.count': 1,
      'work.timer.outer.total_ms': 5,
      'work.timer.outer.max_ms': 5,
      'work.timer.db.count': 3,
      'work.timer.db.total_ms': 11,
      'work.timer.db.max_ms': 6,
      'work.timer.db.failed.internal': 1,
      'work.timer.queue.count': 1,
      'work.timer.queue.total_ms': 0,
      'work.timer.queue.max_ms': 0,
      'work.timer.queue.failed.internal': 1,
    })
  })

  test('is emitted once when it throws or rejects, and passes the error on', async () => {
    const error = Object.assign(new Error('no route to host'), { code: 'EHOSTUNREACH' })
    expect(() => unitOfWork('sync', () => { throw error })).toThrow(error)
    await expect(unitOfWork('async', async () => { await Promise.resolve(); throw error })).rejects.toBe(error)
    const events = await memory.events()
    expect(events.map((event) => event.eventName)).toEqual(['sync', 'async'])
    for (const event of events) {
      expect(event.severityText).toBe('ERROR')
      expect(event.attributes).toMatchObject({ 'work.outcome': 'error', 'error.type': 'EHOSTUNREACH', 'exception.message': 'no route to host', 'work.error.category': 'dependency' })
    }
    const spans = await memory.spans()
    expect(spans.map((span) => [span.name, span.status.code, span.attributes['error.type']])).toEqual([
      ['sync', SpanStatusCode.ERROR, 'EHOSTUNREACH'],
      ['async', SpanStatusCode.ERROR, 'EHOSTUNREACH'],
    ])
  })

  test('says degraded with the error that was caught', async () => {
    unitOfWork('page', (work) => {
      work.fail(new DOMException('too slow', 'TimeoutError'))
      work.outcome('degraded')
    })
    const [event] = await memory.events()
    expect([event?.severityText, event?.attributes['work.outcome'], event?.attributes['work.error.category']]).toEqual(['WARN', 'degraded', 'timeout'])
    expect((await memory.spans())[0]?.status.code).toBe(SpanStatusCode.UNSET)
  })

  test('carries the ids of its own span, or of the active one when it opens none', async () => {
    unitOfWork('outer', { kind: 'consumer' }, () => unitOfWork('inner', { span: false }, () => unitOfWork('deepest', () => {})))
    const spans = await memory.spans()
    const [deepest, outer] = spans
    expect([deepest?.name, deepest?.parentSpanContext?.spanId, outer?.name, outer?.kind]).toEqual(['deepest', outer?.spanContext().spanId, 'outer', SpanKind.CONSUMER])
    const ids = new Map((await memory.events()).map((event) => [event.eventName, event.spanContext?.spanId]))
    expect(ids).toEqual(new Map([['deepest', deepest?.spanContext().spanId], ['inner', outer?.spanContext().spanId], ['outer', outer?.spanContext().spanId]]))
  })

  test('keeps works that run at once apart', async () => {
    const jobs = Array.from({ length: 50 }, (_, job) =>
      unitOfWork('job', async () => {
        currentWork().set('job.id', job)
        for (let step = 0; step < 3; step++) {
          await Promise.resolve()
          currentWork().add('job.steps', job)
        }
      }),
    )
    await Promise.all(jobs)
    const events = await memory.events()
    expect(events.map((event) => event.attributes['job.id'])).toEqual(Array.from({ length: 50 }, (_, job) => job))
    for (const { attributes } of events) expect(attributes['job.steps']).toBe(3 * (attributes['job.id'] as number))
  })

  test('is the current one in streams, timers, callbacks and listeners', async () => {
    const emitter = new EventEmitter()
    emitter.on('emitted inside', () => currentWork().add('steps'))
    await unitOfWork('stream', async () => {
      emitter.on('emitted outside', AsyncResource.bind(() => currentWork().add('steps')))
      emitter.emit('emitted inside')
      const lines = Readable.from(['a', 'b']).map(async (line: string) => {
        await new Promise((resolve) => setTimeout(resolve, 0))
        currentWork().add('steps')
        return line
      })
      await pipeline(lines, new Writable({ objectMode: true, write: (_line, _encoding, done) => { currentWork().add('steps'); process.nextTick(done) } }))
      workStorage.exit(() => emitter.emit('emitted outside'))
    })
    expect((await memory.events())[0]?.attributes).toMatchObject({ steps: 6 })
  })

  test('waits for what can be awaited though it is no Promise, as a promise of another realm', async () => {
    const query = (): unknown => runInNewContext('(async () => { await advance(); return ["row"] })()', { advance: async () => (clock += 8) })
    expect(runInNewContext('Promise.resolve()') instanceof Promise).toBe(false)
    expect(await unitOfWork('report', { now }, (work) => work.time('db', query))).toEqual(['row'])
    expect((await memory.events())[0]?.attributes).toMatchObject({ 'work.duration_ms': 8, 'work.timer.db.total_ms': 8 })
  })

  test('ignores what comes after its end', async () => {
    const late = unitOfWork('short', (work) => work)
    late.set('late', true)
    late.outcome('error')
    expect(late.recording).toBe(false)
    expect((await memory.events())[0]?.attributes).not.toHaveProperty('late')
  })

  test('refuses a second set-up in the same process', () => {
    expect(() => startTelemetry({ service: 'second' })).toThrow(expect.objectContaining({ code: 'ALREADY_STARTED' }) as TelemetryError)
  })
})

test('without an SDK a unit of work runs its function and records nothing', async () => {
  expect(unitOfWork('job', (work) => [work.recording, currentWork().recording, work.time('db', () => 7)])).toEqual([false, false, 7])
  await expect(unitOfWork('job', () => Promise.reject(new Error('gone')))).rejects.toThrow('gone')
  expect(trace.getActiveSpan()).toBeUndefined()
})
