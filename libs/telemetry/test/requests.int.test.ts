import { once } from 'node:events'
import { Agent, type ClientRequest, createServer, type IncomingMessage, request as httpRequest } from 'node:http'
import { json } from 'node:stream/consumers'
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { fastify, type FastifyInstance } from 'fastify'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { telemetryPlugin } from '../src/fastify.ts'
import { currentWork, unitOfWork } from '../src/index.ts'
import { inMemoryTelemetry } from './in-memory-telemetry.ts'

describe('requests over real sockets', () => {
  let memory: ReturnType<typeof inMemoryTelemetry>
  let server: FastifyInstance
  let address: string
  const hanging = new Map<string, ClientRequest>()

  beforeEach(async () => {
    memory = inMemoryTelemetry({ maxQueueSize: 10_000, dependencies: {} })
    server = fastify({ forceCloseConnections: true })
    await server.register(telemetryPlugin)
    server.get<{ Params: { id: string } }>('/ok/:id', async ({ params }) => {
      await new Promise((resolve) => setImmediate(resolve))
      currentWork().set('test.id', params.id)
      return { traceId: trace.getActiveSpan()?.spanContext().traceId }
    })
    server.get<{ Params: { id: string } }>('/throw/:id', async ({ params }) => {
      currentWork().set('test.id', params.id)
      await new Promise((resolve) => setImmediate(resolve))
      throw new TypeError(`broken ${params.id}`)
    })
    // Never answers; the client goes away as soon as the handler has begun.
    server.get<{ Params: { id: string } }>('/hang/:id', ({ params }) => {
      currentWork().set('test.id', params.id)
      hanging.get(params.id)!.destroy()
      return new Promise(() => {})
    })
    server.post<{ Body: { name: string } }>('/things', async ({ body }) => {
      currentWork().set('thing.name', body.name)
      return { traceId: trace.getActiveSpan()?.spanContext().traceId }
    })
    for (const hook of ['onSend', 'onResponse', 'onError'] as const) server.addHook(hook, async () => currentWork().set(`test.${hook}`, true))
    address = await server.listen({ port: 0, host: '127.0.0.1' })
  })

  afterEach(async () => {
    await server.close()
    await memory.telemetry.shutdown()
  })

  function send(path: string, agent: Agent): Promise<void> {
    return new Promise((resolve) => {
      const request = httpRequest(`${address}${path}`, { agent }, (response) => response.resume().once('end', resolve))
      if (path.startsWith('/hang/')) hanging.set(path.slice('/hang/'.length), request)
      request.once('error', () => resolve()).end()
    })
  }

  test('2 000 at once, with throws and aborts, leave one event and one span each, with the right ids', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 250 })
    const paths = Array.from({ length: 2000 }, (_, id) => `/${id % 10 === 3 ? 'throw' : id % 10 === 7 ? 'hang' : 'ok'}/${id}`)
    await Promise.all(paths.map((path) => send(path, agent)))
    agent.destroy()
    await expect.poll(async () => (await memory.events()).length, { timeout: 10_000 }).toBe(2000)
    const events = await memory.events()
    const outcome = (id: number): string => (id % 10 === 3 ? 'error' : id % 10 === 7 ? 'aborted' : 'ok')
    expect(new Map(events.map(({ attributes }) => [attributes['test.id'], attributes['work.outcome']]))).toEqual(new Map(paths.map((_, id) => [String(id), outcome(id)])))
    expect(events.filter(({ attributes }) => (attributes['test.onResponse'] === true) === (attributes['work.outcome'] === 'aborted'))).toEqual([])
    const spans = new Map((await memory.spans()).map((span) => [span.spanContext().spanId, span]))
    expect(spans.size).toBe(2000)
    for (const event of events) {
      const span = spans.get(event.spanContext!.spanId)!
      expect(span.spanContext().traceId).toBe(event.spanContext?.traceId)
      expect(span.attributes['url.path']).toBe(event.attributes['url.path'])
      expect(span.status.code).toBe(event.attributes['work.outcome'] === 'error' ? SpanStatusCode.ERROR : SpanStatusCode.UNSET)
    }
  })

  test('the current work is still there after a body was read, and in hooks after the answer', async () => {
    // The body comes after the handling has begun, so that it is read in the context of the socket.
    const begun = once(server.server, 'request')
    const request = httpRequest(`${address}/things`, { method: 'POST', headers: { 'content-type': 'application/json' } })
    request.flushHeaders()
    await begun
    request.end(JSON.stringify({ name: 'anvil' }))
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    const { traceId } = (await json(response)) as { traceId: string }
    await expect.poll(async () => (await memory.events()).length).toBe(1)
    const [event] = await memory.events()
    expect(event?.attributes).toMatchObject({ 'thing.name': 'anvil', 'test.onSend': true, 'test.onResponse': true })
    expect(event?.spanContext?.traceId).toBe(traceId)
  })

  test('the current work is there in hooks after a body that could not be read', async () => {
    await fetch(`${address}/things`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{' })
    await expect.poll(async () => (await memory.events()).length).toBe(1)
    const [event] = await memory.events()
    expect(event?.attributes).toMatchObject({ 'test.onSend': true, 'test.onResponse': true, 'test.onError': true, 'work.outcome': 'rejected', 'work.error.category': 'input' })
  })

  test('an outgoing fetch has a CLIENT span, carries the trace on, and is timed on the current work', async () => {
    const gone = createServer().listen(0, '127.0.0.1')
    await once(gone, 'listening')
    const away = `http://127.0.0.1:${(gone.address() as { port: number }).port}`
    gone.close()
    await unitOfWork('caller', async () => {
      await (await fetch(`${address}/ok/1?token=hunter2`)).json()
      await (await fetch(`${address}/ok/2`)).json()
      await expect(fetch(away)).rejects.toThrow('fetch failed')
    })
    await expect.poll(async () => (await memory.events()).length).toBe(3)
    const spans = await memory.spans()
    const caller = spans.find((span) => span.name === 'caller')!
    const clients = spans.filter((span) => span.kind === SpanKind.CLIENT)
    expect(clients.map((span) => [span.name, span.parentSpanContext?.spanId])).toEqual(Array.from({ length: 3 }, () => ['GET', caller.spanContext().spanId]))
    expect(clients[0]?.attributes['url.full']).toBe(`${address}/ok/1?token=[redacted]`)
    const servers = spans.filter((span) => span.kind === SpanKind.SERVER)
    expect(servers.map((span) => [span.spanContext().traceId, span.parentSpanContext?.spanId])).toEqual(clients.slice(0, 2).map((span) => [caller.spanContext().traceId, span.spanContext().spanId]))
    const event = (await memory.events()).find(({ eventName }) => eventName === 'caller')
    expect(event?.attributes).toMatchObject({ [`work.timer.${new URL(address).host}.count`]: 2, [`work.timer.${new URL(away).host}.count`]: 1 })
  })
})
