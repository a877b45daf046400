import type { FastifyInstance, FastifyRequest } from 'fastify'
import { contentLength } from './http/request-fields.ts'
import { RequestWork, type RequestWorkOptions } from './http/request-work.ts'

export { requestEventName } from './http/request-work.ts'

/** Options of {@link telemetryPlugin}. */
export interface TelemetryPluginOptions extends RequestWorkOptions {
  /** Route templates without a span and an event. @default ['/livez', '/readyz', '/metrics'] */
  readonly ignoreRoutes?: readonly string[]
  /** The tenant that a request belongs to, asked when it has been answered: `tenant.id`. @default none */
  readonly tenant?: (request: FastifyRequest) => string | undefined
}

/** Defaults of {@link TelemetryPluginOptions}. */
export const telemetryPluginDefaults = { ignoreRoutes: ['/livez', '/readyz', '/metrics'] } as const

/**
 * Fastify plugin: a SERVER span that continues the caller's trace, and one event, for each request. `currentWork()` works in handlers and in
 * hooks. The event ends with the answer, or as `aborted` when the client goes away first. When another instrumentation has opened a span
 * for the request, that span is used.
 *
 * Register it on the root instance. It is not encapsulated, so it sees the routes of all plugins.
 */
export function telemetryPlugin(server: FastifyInstance, options: TelemetryPluginOptions, done: (error?: Error) => void): void {
  const ignored = new Set<string>(options.ignoreRoutes ?? telemetryPluginDefaults.ignoreRoutes)
  const works = new WeakMap<FastifyRequest, RequestWork>()

  server.addHook('onRequest', (request, reply, next) => {
    const route = request.routeOptions.url
    if (route !== undefined && ignored.has(route)) return next()
    const { method, url, protocol: scheme, headers } = request
    const work = new RequestWork({ method, url, scheme, headers, httpVersion: request.raw.httpVersion }, route, options)
    let finished = false
    reply.raw.once('finish', () => (finished = true))
    reply.raw.once('close', () => {
      if (options.tenant !== undefined) work.running.work.set('tenant.id', options.tenant(request))
      work.end({ finished, status: reply.raw.statusCode, bodySize: contentLength(reply.raw.getHeader('content-length')) })
    })
    works.set(request, work)
    // Fastify goes on in the context it is called in, and keeps it while it reads the body.
    work.running.run(() => next())
  })
  server.addHook('onError', (request, _reply, error, next) => {
    works.get(request)?.running.work.fail(error)
    next()
  })
  done()
}

// What the package fastify-plugin does: the hooks apply to the instance that registers the plugin, and a name for Fastify's messages.
Object.assign(telemetryPlugin, { [Symbol.for('skip-override')]: true, [Symbol.for('fastify.display-name')]: '@ballast/telemetry' })
