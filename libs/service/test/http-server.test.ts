import { metrics as metricsApi } from '@opentelemetry/api'
import { createServer } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createHttpServer, createLogger, Health, listen, type Metrics, ServiceError, startMetrics } from '../src/index.ts'

describe('the HTTP server', () => {
  let metrics: Metrics
  let health: Health
  let lines: string[]
  let server: ReturnType<typeof createHttpServer>

  beforeEach(() => {
    metrics = startMetrics('demo')
    health = new Health({ cacheMs: 0 })
    lines = []
    const log = createLogger('demo', 'info', { write: (line) => void lines.push(line) })
    server = createHttpServer({ log, health, metrics, bodyLimitBytes: 100 })
  })

  afterEach(async () => {
    await server.close()
    await metrics.shutdown()
  })

  test('is alive, and ready only when its checks pass', async () => {
    expect((await server.inject('/livez')).json()).toEqual({ status: 'alive' })
    expect((await server.inject('/readyz')).statusCode).toBe(200)
    health.check('store', () => Promise.reject(new Error('away')))
    const response = await server.inject('/readyz')
    expect(response.statusCode).toBe(503)
    expect(response.json()).toMatchObject({ status: 'not ready', checks: { store: { ok: false, message: 'away' } } })
  })

  test('shows its metrics as Prometheus text', async () => {
    metricsApi.getMeter('demo').createCounter('demo.requests').add(3, { route: '/x' })
    const response = await server.inject('/metrics')
    expect(response.headers['content-type']).toContain('text/plain')
    expect(response.body).toMatch(/demo_requests_total\{[^}]*route="\/x"[^}]*\} 3/)
  })

  test('answers an unknown route, a body too large and malformed JSON in one shape', async () => {
    server.post('/things', async () => ({}))
    expect((await server.inject('/nowhere?secret=1')).json()).toEqual({ error: { code: 'NOT_FOUND', message: 'no route for GET /nowhere' } })
    const large = await server.inject({ method: 'POST', url: '/things', payload: { text: 'x'.repeat(200) } })
    expect([large.statusCode, large.json().error.code]).toEqual([413, 'FST_ERR_CTP_BODY_TOO_LARGE'])
    const malformed = await server.inject({ method: 'POST', url: '/things', headers: { 'content-type': 'application/json' }, payload: '{' })
    expect(malformed.statusCode).toBe(400)
  })

  test('keeps the details of an unexpected error for the log', async () => {
    server.get('/boom', () => {
      throw new Error('password is hunter2')
    })
    const response = await server.inject('/boom')
    expect([response.statusCode, response.json()]).toEqual([500, { error: { code: 'INTERNAL', message: 'internal error' } }])
    expect(lines.join()).toContain('hunter2')
  })

  test('says which port is taken and which variable moves it', async () => {
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const { port } = other.address() as { port: number }
    const failure = await listen(server, { host: '127.0.0.1', port, variable: 'DEMO_PORT' }).catch((error: unknown) => error)
    other.close()
    expect(failure).toBeInstanceOf(ServiceError)
    expect(failure).toMatchObject({ code: 'PORT_TAKEN', message: `port ${port} on 127.0.0.1 is taken; set DEMO_PORT to a free port, or stop what uses it.` })
  })

  test('logs one JSON object a line and redacts secrets', () => {
    const log = createLogger('demo', 'info', { write: (line) => void lines.push(line) })
    log.info({ user: 'ada', password: 'hunter2', config: { token: 'abc' } }, 'signed in')
    const line = JSON.parse(lines.at(-1)!) as Record<string, unknown>
    expect(line).toMatchObject({ level: 'info', service: 'demo', msg: 'signed in', user: 'ada', password: '[redacted]', config: { token: '[redacted]' } })
  })
})
