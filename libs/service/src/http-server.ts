import { fastify, type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify'
import type { Health } from './health.ts'
import type { Logger } from './logger.ts'
import type { Metrics } from './metrics.ts'

/** Defaults of every Ballast HTTP server. */
export const httpDefaults = {
  /** Largest request body, bytes. */
  bodyLimitBytes: 1024 * 1024,
  /** Time a client has to send a whole request, milliseconds. */
  requestTimeoutMs: 30_000,
  /** Longer than a load balancer's idle time, so that the server is never the first to close. Milliseconds. */
  keepAliveTimeoutMs: 72_000,
} as const

export interface HttpServerOptions {
  readonly log: Logger
  readonly health: Health
  readonly metrics: Pick<Metrics, 'text'>
  /** @default httpDefaults.bodyLimitBytes */
  readonly bodyLimitBytes?: number
  /** @default httpDefaults.requestTimeoutMs */
  readonly requestTimeoutMs?: number
  /** HTTPS instead of HTTP; with `ca`, clients must show a certificate that it has signed. */
  readonly tls?: { readonly cert: Buffer; readonly key: Buffer; readonly ca: Buffer | undefined }
}

/** The body of every error answer. */
export interface ErrorBody {
  readonly error: { readonly code: string; readonly message: string }
}

/**
 * A Fastify server with Ballast's defaults: limits, `/livez`, `/readyz`, `/metrics`, and one error shape.
 * An error with a `statusCode` below 500 keeps its message; anything else is logged and answered without details.
 */
export function createHttpServer(options: HttpServerOptions): FastifyInstance {
  const { log, health, metrics, tls } = options
  const loggerInstance: FastifyBaseLogger = log
  const defaults = {
    loggerInstance,
    // A line per request is what the event per unit of work is for.
    logController: new LogController({ disableRequestLogging: true }),
    // So a logger of each request's own would tell nothing more, and costs more than a small request.
    childLoggerFactory: (logger: FastifyBaseLogger) => logger,
    bodyLimit: options.bodyLimitBytes ?? httpDefaults.bodyLimitBytes,
    requestTimeout: options.requestTimeoutMs ?? httpDefaults.requestTimeoutMs,
    keepAliveTimeout: httpDefaults.keepAliveTimeoutMs,
    forceCloseConnections: 'idle' as const,
    // What arrives on an open connection while the server closes is still answered as usual; refusing it would lose a request for nothing.
    return503OnClosing: false,
  }
  // The types tell HTTPS from HTTP; nothing here does.
  const server = tls === undefined ? fastify(defaults) : (fastify({ ...defaults, https: { ...tls, requestCert: tls.ca !== undefined } }) as unknown as FastifyInstance)

  server.get('/livez', async () => ({ status: 'alive' }))
  server.get('/readyz', async (_request, reply) => {
    const readiness = await health.readiness()
    return reply.code(readiness.status === 'ready' ? 200 : 503).send(readiness)
  })
  server.get('/metrics', async (_request, reply) => reply.type('text/plain; version=0.0.4; charset=utf-8').send(await metrics.text()))

  // A connection that is busy when the server closes must not linger as keep-alive once its answer is sent.
  let closing = false
  server.addHook('preClose', (done) => {
    closing = true
    done()
  })
  server.addHook('onSend', (_request, reply, payload, done) => {
    if (closing) void reply.header('connection', 'close')
    done(null, payload)
  })

  server.setNotFoundHandler((request, reply) => {
    const body: ErrorBody = { error: { code: 'NOT_FOUND', message: `no route for ${request.method} ${request.url.split('?')[0]}` } }
    return reply.code(404).send(body)
  })
  server.setErrorHandler<Error & { statusCode?: number; code?: string }>((error, request, reply) => {
    const status = error.statusCode ?? 500
    const expected = status < 500
    if (!expected) request.log.error({ err: error, method: request.method, route: request.routeOptions.url }, 'request failed')
    const body: ErrorBody = {
      error: { code: error.code ?? (expected ? 'BAD_REQUEST' : 'INTERNAL'), message: expected || status === 503 ? error.message : 'internal error' },
    }
    return reply.code(status).send(body)
  })
  return server
}
