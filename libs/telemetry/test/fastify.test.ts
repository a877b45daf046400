import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { fastify, type FastifyInstance } from 'fastify'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { telemetryPlugin } from '../src/fastify.ts'
import { currentWork } from '../src/index.ts'
import { inMemoryTelemetry } from './in-memory-telemetry.ts'

describe('the Fastify plugin', () => {
  let memory: ReturnType<typeof inMemoryTelemetry>
  let server: FastifyInstance

  beforeEach(async () => {
    memory = inMemoryTelemetry()
    server = fastify()
    await server.register(telemetryPlugin)
    server.get('/livez', () => 'alive')
    server.get('/things/:id', (request) => {
      currentWork().set('thing.id', (request.params as { id: string }).id)
      return { ok: true }
    })
    server.get('/boom', () => {
      throw Object.assign(new Error('disk gone'), { code: 'EIO' })
    })
    server.get('/busy', (_request, reply) => reply.code(503).send({ busy: true }))
    server.get('/refuse', () => {
      throw Object.assign(new Error('no such thing'), { statusCode: 409 })
    })
    server.setErrorHandler<Error & { statusCode?: number }>((error, _request, reply) => reply.code(error.statusCode ?? 500).send({ message: 'no details' }))
  })

  afterEach(async () => {
    await server.close()
    await memory.telemetry.shutdown()
  })

  test('gives a request a SERVER span of the caller\'s trace and one event with the same ids', async () => {
    const traceId = '0af7651916cd43dd8448eb211c80319c'
    const headers = { traceparent: `00-${traceId}-b7ad6b7169203331-01` }
    expect((await server.inject({ url: '/things/42?token=abc&page=2', headers })).statusCode).toBe(200)
    const [span, ...otherSpans] = await memory.spans()
    const [event, ...otherEvents] = await memory.events()
    expect([otherSpans, otherEvents]).toEqual([[], []])
    expect([span?.name, span?.kind, span?.parentSpanContext?.spanId]).toEqual(['GET /things/:id', SpanKind.SERVER, 'b7ad6b7169203331'])
    expect(span?.spanContext().traceId).toBe(traceId)
    expect(event?.spanContext).toMatchObject({ traceId, spanId: span?.spanContext().spanId })
    expect([event?.eventName, event?.severityText, event?.body]).toEqual(['http.server.request', 'INFO', 'GET /things/:id 200'])
    const http = { 'http.request.method': 'GET', 'http.route': '/things/:id', 'http.response.status_code': 200, 'url.query': 'token=[redacted]&page=2' }
    expect(span?.attributes).toMatchObject(http)
    expect(event?.attributes).toMatchObject({ ...http, 'thing.id': '42', 'work.outcome': 'ok', 'work.redacted_values': 1 })
  })

  test('says error for a 500 and rejected for a 4xx, with what was thrown', async () => {
    await server.inject('/boom')
    await server.inject('/refuse')
    await server.inject('/nowhere')
    const [boom, refuse, nowhere] = await memory.events()
    expect(boom?.attributes).toMatchObject({ 'work.outcome': 'error', 'error.type': 'EIO', 'exception.message': 'disk gone', 'work.error.category': 'internal', 'http.response.status_code': 500 })
    expect(boom?.severityText).toBe('ERROR')
    expect(refuse?.attributes).toMatchObject({ 'work.outcome': 'rejected', 'work.error.category': 'input', 'http.response.status_code': 409 })
    expect(nowhere?.attributes).toMatchObject({ 'work.outcome': 'rejected', 'http.response.status_code': 404 })
    const spans = await memory.spans()
    expect(spans.map((span) => [span.name, span.status.code])).toEqual([
      ['GET /boom', SpanStatusCode.ERROR],
      ['GET /refuse', SpanStatusCode.UNSET],
      ['GET', SpanStatusCode.UNSET],
    ])
  })

  test('has the status as the type of an error that was not thrown', async () => {
    await server.inject('/busy')
    expect((await memory.events())[0]?.attributes).toMatchObject({ 'work.outcome': 'error', 'error.type': '503' })
    const [span] = await memory.spans()
    expect([span?.attributes['error.type'], span?.status.code]).toEqual(['503', SpanStatusCode.ERROR])
  })

  test('uses the span that another instrumentation opened, and names it after the route', async () => {
    await trace.getTracer('other').startActiveSpan('GET', { kind: SpanKind.SERVER }, async (span) => {
      await server.inject('/things/7')
      span.end()
    })
    const spans = await memory.spans()
    expect(spans.map((span) => span.name)).toEqual(['GET /things/:id'])
    expect(spans[0]?.attributes).toMatchObject({ 'http.route': '/things/:id', 'http.response.status_code': 200 })
    expect((await memory.events())[0]?.spanContext?.spanId).toBe(spans[0]?.spanContext().spanId)
  })

  test('leaves the health routes out', async () => {
    await server.inject('/livez')
    expect(await memory.events()).toEqual([])
    expect(await memory.spans()).toEqual([])
  })
})
