import { SpanKind, trace } from '@opentelemetry/api'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { CacheReads } from '../src/cache.ts'
import { runCommand } from '../src/command.ts'
import { cronTask } from '../src/cron.ts'
import { currentWork, unitOfWork } from '../src/index.ts'
import { jobHandler } from '../src/job.ts'
import { messageHandler, messageHeaders } from '../src/message.ts'
import { inMemoryTelemetry } from './in-memory-telemetry.ts'

describe('work that is no request', () => {
  let memory: ReturnType<typeof inMemoryTelemetry>

  beforeEach(() => {
    memory = inMemoryTelemetry()
  })

  afterEach(() => memory.telemetry.shutdown())

  const attributes = async (): Promise<Record<string, unknown>[]> => (await memory.events()).map((event) => event.attributes as Record<string, unknown>)

  test('a message continues the trace of who sent it, also when its headers are bytes, and says how long it waited', async () => {
    const headers = unitOfWork('sender', messageHeaders)
    const handle = messageHandler(
      'order.placed',
      { system: 'kafka', destination: 'orders', now: () => 5_000, facts: (message: { key: string }) => ({ id: message.key, sentAtMs: 4_200, deliveries: 2, headers: { traceparent: Buffer.from(headers['traceparent']!) } }) },
      (message, partition: number) => `${message.key} ${partition} ${currentWork().name}`,
    )
    expect(handle({ key: 'k1' }, 7)).toBe('k1 7 order.placed')
    const [sender, consumer] = await memory.spans()
    expect(consumer?.spanContext().traceId).toBe(sender?.spanContext().traceId)
    expect([consumer?.parentSpanContext?.spanId, consumer?.kind, consumer?.name]).toEqual([sender?.spanContext().spanId, SpanKind.CONSUMER, 'process orders'])
    expect((await attributes()).at(-1)).toMatchObject({ 'messaging.system': 'kafka', 'messaging.destination.name': 'orders', 'messaging.message.id': 'k1', 'messaging.message.waited_ms': 800, 'messaging.message.deliveries': 2, 'work.outcome': 'ok' })
  })

  test('each try of a job is a unit of work, and its error goes on to the queue', async () => {
    const handle = jobHandler(async (job: { id: string; name: string; queueName: string; timestamp: number; attemptsMade: number; data: { to: string } }) => {
      if (job.attemptsMade === 0) throw new RangeError(`no mailbox ${job.data.to}`)
      return 'sent'
    }, { now: () => 1_500 })
    const job = { id: '9', name: 'mail', queueName: 'outgoing', timestamp: 1_000, attemptsMade: 0, data: { to: 'ann', ...unitOfWork('adder', messageHeaders) } }
    await expect(handle(job)).rejects.toThrow('no mailbox ann')
    expect(await handle({ ...job, attemptsMade: 1 })).toBe('sent')
    expect((await attributes()).slice(1)).toMatchObject([
      { 'messaging.message.id': '9', 'messaging.message.deliveries': 1, 'messaging.message.waited_ms': 500, 'error.type': 'RangeError', 'work.outcome': 'error' },
      { 'messaging.message.deliveries': 2, 'work.outcome': 'ok' },
    ])
    expect(new Set((await memory.spans()).map((span) => span.spanContext().traceId)).size).toBe(1)
  })

  test('a cron task has a trace of its own for each run, and does not run twice at once', async () => {
    const gate = Promise.withResolvers<void>()
    let runs = 0
    const errors: unknown[] = []
    const task = cronTask('cleanup', async () => {
      runs++
      await gate.promise
      if (runs === 1) throw new Error('disk full')
    }, { schedule: '*/5 * * * *', onError: (error) => errors.push(error) })
    await unitOfWork('starter', async () => {
      const first = task()
      await task()
      gate.resolve()
      await first
    })
    await task()
    expect([runs, errors]).toEqual([2, [new Error('disk full')]])
    const events = (await memory.events()).filter(({ eventName }) => eventName === 'cleanup')
    expect(events.map((event) => event.attributes)).toMatchObject([{ 'cron.skipped': 'still_running', 'work.outcome': 'rejected' }, { 'work.outcome': 'error', 'cron.schedule': '*/5 * * * *' }, { 'work.outcome': 'ok' }])
    expect(new Set((await memory.spans()).map((span) => span.spanContext().traceId)).size).toBe(4)
  })

  test('a command says its exit code, also when it throws', async () => {
    expect(await runCommand('db.migrate', (work) => work.set('migrations', 3))).toBe(0)
    expect(await runCommand('db.check', async () => 2)).toBe(2)
    const errors: unknown[] = []
    expect(await runCommand('db.drop', () => { throw new Error('refused') }, { onError: (error) => errors.push(error) })).toBe(1)
    await expect(runCommand('db.drop', () => Promise.reject(new Error('refused')))).rejects.toThrow('refused')
    expect(errors).toHaveLength(1)
    expect(await attributes()).toMatchObject([{ migrations: 3, 'process.exit.code': 0, 'work.outcome': 'ok' }, { 'process.exit.code': 2, 'work.outcome': 'error' }, { 'work.outcome': 'error' }, { 'work.outcome': 'error' }])
  })

  test('a read of a cache says where the value came from, for all who wait for one load', async () => {
    let clock = 0
    const reads = new CacheReads<string>('db', () => clock)
    const gate = Promise.withResolvers<void>()
    const load = reads.loader(async (id) => {
      await gate.promise
      clock += 5
      return `value of ${id}`
    })
    const values = new Map<string, string>()
    let loading: Promise<string> | undefined
    const cache = { peek: (id: string) => values.get(id), get: async (id: string) => (id === 'elsewhere' ? 'shared' : (values.get(id) ?? (loading ??= load(id, { reason: 'miss' })))) }
    const read = (id: string): Promise<string> => unitOfWork('read', { now: () => clock }, () => reads.get(cache, id))
    const both = [read('a'), read('a')]
    gate.resolve()
    expect(await Promise.all(both)).toEqual(['value of a', 'value of a'])
    values.set('a', 'value of a')
    await read('a')
    await read('elsewhere')
    await unitOfWork('refresh', () => load('a', { reason: 'expired' }))
    expect(await attributes()).toMatchObject([
      { 'cache.outcome': 'miss', 'cache.misses': 1, 'work.timer.db.total_ms': 5 },
      { 'cache.outcome': 'miss', 'cache.misses': 1, 'work.timer.db.total_ms': 5 },
      { 'cache.outcome': 'local', 'cache.hits': 1 },
      { 'cache.outcome': 'shared', 'cache.hits': 1 },
      { 'cache.refreshes': 1 },
    ])
  })

  test('nothing of it is needed for the work itself', async () => {
    await memory.telemetry.shutdown()
    expect(trace.getActiveSpan()).toBeUndefined()
    expect(await runCommand('quiet', () => 4)).toBe(4)
    expect(messageHeaders()).toEqual({})
  })
})
