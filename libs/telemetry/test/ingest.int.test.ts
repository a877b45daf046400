import { once } from 'node:events'
import { Agent, type ClientRequest, request as httpRequest } from 'node:http'
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest'
import { startTelemetry, unitOfWork } from '../src/index.ts'
import { type Ingest, startIngest } from './ingest.ts'
import { nextMessage, type Program, startProgram } from './program.ts'

const KINDS = ['ok', 'child', 'throw', 'timeout', 'abort', 'disconnect', 'ok', 'ok', 'ok', 'ok'] as const
const OUTCOMES: Readonly<Record<(typeof KINDS)[number], string>> = { ok: 'ok', child: 'ok', throw: 'error TypeError', timeout: 'error TimeoutError', abort: 'error AbortError', disconnect: 'aborted' }

interface Row {
  readonly id: string
  readonly event: string
  readonly outcome: string
  readonly traceId: string
  readonly parent: string
  readonly events: number
}

describe('events in a real ingest', () => {
  let ingest: Ingest
  let env: Record<string, string>
  const programs: Program[] = []

  beforeAll(async () => {
    ingest = await startIngest(inject('clickhouseUrl'))
    env = { OTEL_EXPORTER_OTLP_ENDPOINT: ingest.endpoint }
  })

  afterEach(() => {
    for (const { process: child } of programs.splice(0)) if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
  })

  afterAll(() => ingest.stop())

  function start(path: string, ...args: string[]): Program {
    const program = startProgram(path, args, env)
    programs.push(program)
    return program
  }

  const traceIdOf = (id: number): string => id.toString(16).padStart(32, 'a')
  const callerSpanOf = (id: number): string => id.toString(16).padStart(16, 'b')

  /** Sends a request; one of the kind `disconnect` is destroyed by `leave`. */
  function send(port: number, id: number, kind: string, agent: Agent): { answered: Promise<void>; leave: () => void } {
    const headers = { traceparent: `00-${traceIdOf(id)}-${callerSpanOf(id)}-01` }
    const request: ClientRequest = httpRequest({ host: '127.0.0.1', port, path: `/${kind}/${id}`, agent, headers })
    const answered = new Promise<void>((resolve) => {
      request.once('response', (response) => response.resume().once('close', resolve))
      request.once('error', () => resolve())
    })
    request.end()
    return { answered, leave: () => request.destroy() }
  }

  async function eventsOf(service: string): Promise<Row[]> {
    return ingest.rows<Row>(`
      SELECT event.LogAttributes['test.id'] AS id, event.EventName AS event,
             trim(concat(event.LogAttributes['work.outcome'], ' ', event.LogAttributes['error.type'])) AS outcome,
             event.TraceId AS traceId, span.ParentSpanId AS parent, toUInt32(count()) AS events
      FROM otel_logs AS event INNER JOIN otel_traces AS span ON span.TraceId = event.TraceId AND span.SpanId = event.SpanId
      WHERE event.ServiceName = '${service}' GROUP BY ALL`)
  }

  test('10,000 requests at once, with throws, timeouts, aborts and clients that disconnect, leave exactly one event each, with the right ids', async () => {
    const requests = 10_000
    const program = start('libs/telemetry/test/programs/crowd-server.ts', String(requests))
    const { port } = await nextMessage<{ port: number }>(program)
    const agent = new Agent({ maxSockets: Infinity })
    const kindOf = (id: number): (typeof KINDS)[number] => KINDS[id % KINDS.length]!
    const sent = []
    for (let id = 0; id < requests; id++) {
      sent.push({ kind: kindOf(id), ...send(port, id, kindOf(id), agent) })
      // Within the queue of connections that the operating system keeps for the server.
      if (id % 500 === 499) await new Promise((resolve) => setTimeout(resolve, 20))
    }
    // The others are answered only once all are under way.
    await Promise.all(sent.filter(({ kind }) => kind !== 'disconnect').map(({ answered }) => answered))
    for (const { kind, leave } of sent) if (kind === 'disconnect') leave()
    const aborted = async (): Promise<number> => (await ingest.rows<{ n: number }>(`SELECT toUInt32(count()) AS n FROM otel_logs WHERE ServiceName = 'crowd' AND EventName = 'http.server.request'`))[0]!.n
    await expect.poll(aborted, { timeout: 30_000, interval: 250 }).toBe(requests)
    program.process.kill('SIGTERM')
    expect(await program.ended).toBe('SIGTERM')
    agent.destroy()

    const rows = await eventsOf('crowd')
    expect(rows.filter(({ events }) => events !== 1)).toEqual([])
    const byId = new Map(rows.filter(({ event }) => event === 'http.server.request').map((row) => [Number(row.id), row]))
    expect(byId.size).toBe(requests)
    const wrong = [...byId].filter(([id, { outcome, traceId, parent }]) => outcome !== OUTCOMES[kindOf(id)] || traceId !== traceIdOf(id) || parent !== callerSpanOf(id))
    expect(wrong).toEqual([])
    const children = await ingest.rows<{ id: string; parentEvent: string; traceId: string }>(`
      SELECT child.LogAttributes['test.id'] AS id, child.TraceId AS traceId, parent.LogAttributes['test.id'] AS parentEvent
      FROM otel_logs AS child
      INNER JOIN otel_traces AS span ON span.TraceId = child.TraceId AND span.SpanId = child.SpanId
      INNER JOIN otel_logs AS parent ON parent.TraceId = span.TraceId AND parent.SpanId = span.ParentSpanId
      WHERE child.EventName = 'crowd.child' AND parent.EventName = 'http.server.request'`)
    expect(children).toHaveLength(requests / KINDS.length)
    expect(children.filter(({ id, parentEvent, traceId }) => id !== parentEvent || traceId !== traceIdOf(Number(id)))).toEqual([])
  })

  test('a SIGTERM in the middle loses nothing: what was done is there, and what was under way is there as aborted', async () => {
    const program = start('libs/telemetry/test/programs/ending.ts', 'signal', '3000')
    await nextMessage(program)
    program.process.kill('SIGTERM')
    expect(await program.ended).toBe('SIGTERM')
    expect(await outcomes('ending-signal')).toEqual({ 'job ok': 3000, 'long aborted shutdown': 1 })
  })

  test.each([
    ['process.exit', 'exit', 3, { 'job ok': 700, 'long aborted process_exit': 1 }],
    ['an exception that nobody caught', 'throw', 1, { 'job ok': 700, 'long error uncaught_exception': 1 }],
    ['nothing left to do', 'empty', 0, { 'job ok': 700, 'long ok': 1 }],
  ])('a process that ends by %s has sent everything before', async (_name, how, exitCode, expected) => {
    const program = start('libs/telemetry/test/programs/ending.ts', how, '700')
    expect(await program.ended).toBe(exitCode)
    expect(await outcomes(`ending-${how}`)).toEqual(expected)
  })

  async function outcomes(service: string): Promise<Record<string, number>> {
    const counted = await ingest.rows<{ what: string; n: number }>(`
      SELECT trim(concat(EventName, ' ', LogAttributes['work.outcome'], ' ', LogAttributes['work.end_reason'])) AS what, toUInt32(count()) AS n
      FROM otel_logs WHERE ServiceName = '${service}' GROUP BY what`)
    return Object.fromEntries(counted.map(({ what, n }) => [what, n]))
  }

  test('weights add up to the true count within the error of sampling, and failures are all there', async () => {
    const telemetry = startTelemetry({ service: 'sampled', endpoint: ingest.endpoint, sampling: { oneIn: 10 }, maxQueueSize: 20_000 })
    const units = 20_000
    for (let id = 0; id < units; id++) unitOfWork('job', (work) => { if (id % 100 === 0) work.fail(new RangeError('no')) })
    await telemetry.shutdown()
    const [counts] = await ingest.rows<{ stored: number; weighted: number; failed: number; spans: number }>(`
      SELECT toUInt32(count()) AS stored, toUInt32(sum(SampleRate)) AS weighted,
             toUInt32(countIf(LogAttributes['work.outcome'] = 'error')) AS failed,
             (SELECT toUInt32(sum(SampleRate)) FROM otel_traces WHERE ServiceName = 'sampled') AS spans
      FROM otel_logs WHERE ServiceName = 'sampled'`)
    // One in ten of 19,800, with a standard deviation of 42.
    const fiveDeviations = 5 * Math.sqrt((units * 0.99) * 0.1 * 0.9)
    expect(counts!.failed).toBe(units / 100)
    expect(Math.abs(counts!.weighted - units)).toBeLessThan(10 * fiveDeviations)
    expect(counts!.stored).toBeLessThan(units / 5)
    // The span and the event of one unit of work stay or go together.
    expect(counts!.spans).toBe(counts!.weighted)
  })

  describe('from the example programs', () => {
    async function listening(program: Program): Promise<string> {
      while (!program.output().includes('listening on ')) await once(program.process.stdout!, 'data')
      return `http://127.0.0.1:${/listening on (\d+)/.exec(program.output())![1]}`
    }

    async function attributes(service: string): Promise<Record<string, string>[]> {
      const rows = await ingest.rows<{ attributes: Record<string, string> }>(`
        SELECT event.LogAttributes AS attributes
        FROM otel_logs AS event INNER JOIN otel_traces AS span ON span.TraceId = event.TraceId AND span.SpanId = event.SpanId
        WHERE event.ServiceName = '${service}' ORDER BY event.Timestamp`)
      return rows.map((row) => row.attributes)
    }

    test('Node\'s http server', async () => {
      const program = start('examples/telemetry/http-server.ts')
      const url = await listening(program)
      expect(await (await fetch(`${url}/hello/ann`)).text()).toBe('Hello, ann!')
      expect((await fetch(`${url}/hello/`)).status).toBe(500)
      program.process.kill('SIGTERM')
      expect(await program.ended).toBe('SIGTERM')
      const events = await attributes('example-http')
      expect(events).toMatchObject([
        { 'http.route': '/hello/:name', 'greeting.name': 'ann', 'greeting.words': '2', 'work.timer.translate.count': '1', 'http.response.body.size': '11', 'work.outcome': 'ok' },
        { 'http.route': '/hello/:name', 'http.response.status_code': '500', 'error.type': 'TypeError', 'exception.message': 'nobody to greet', 'work.outcome': 'error' },
      ])
      expect(events).toHaveLength(2)
    })

    test('Fastify', async () => {
      const program = start('examples/telemetry/fastify-server.ts')
      const url = await listening(program)
      expect((await fetch(`${url}/orders/7`, { headers: { 'x-tenant': 'acme' } })).status).toBe(200)
      program.process.kill('SIGTERM')
      // It has a handler of its own for the signal, and simply comes to its end.
      expect(await program.ended).toBe(0)
      const events = await attributes('example-fastify')
      expect(events).toMatchObject([{ 'http.route': '/orders/:id', 'order.id': '7', 'order.lines.read': '3', 'work.timer.order.lines.count': '1', 'tenant.id': 'acme', 'work.outcome': 'ok' }])
      expect(events).toHaveLength(1)
    })

    test('a plain script', async () => {
      const program = start('examples/telemetry/worker.ts', '100')
      expect(await program.ended).toBe(0)
      const events = await attributes('example-worker')
      expect(events).toHaveLength(100)
      expect(events.filter((event) => event['work.outcome'] === 'error').map((event) => event['invoice.id'])).toEqual(['10', '20', '30', '40', '50', '60', '70', '80', '90', '100'])
    })
  })
})
