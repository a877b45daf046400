import { context, propagation, type Span, trace } from '@opentelemetry/api'
import { ATTR_ERROR_TYPE, ATTR_HTTP_RESPONSE_STATUS_CODE, ATTR_HTTP_ROUTE } from '@opentelemetry/semantic-conventions'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { requestFields, requestMethod } from './http/request-fields.ts'
import type { EventLimits } from './work/limits.ts'
import { RunningWork } from './work/running-work.ts'

/** Options of {@link telemetryPlugin}. */
export interface TelemetryPluginOptions {
  /** Route templates without a span and an event. @default ['/livez', '/readyz', '/metrics'] */
  readonly ignoreRoutes?: readonly string[]
  /** @default eventLimits */
  readonly limits?: EventLimits
  /** Names, beside the built-in ones, of fields whose values never leave the process. @default none */
  readonly redactNames?: RegExp
}

/** Defaults of {@link TelemetryPluginOptions}. */
export const telemetryPluginDefaults = { ignoreRoutes: ['/livez', '/readyz', '/metrics'] } as const

/** Name of the event of every request. */
export const requestEventName = 'http.server.request'

/**
 * Fastify plugin: a SERVER span that continues the caller's trace, and one event, for each request. `currentWork()` works in handlers and in
 * hooks. The event ends with the answer, or as `aborted` when the client goes away first. When another instrumentation has opened a span
 * for the request, that span is used.
 *
 * Register it on the root instance. It is not encapsulated, so it sees the routes of all plugins.
 */
export function telemetryPlugin(server: FastifyInstance, options: TelemetryPluginOptions, done: (error?: Error) => void): void {
  const ignored = new Set<string>(options.ignoreRoutes ?? telemetryPluginDefaults.ignoreRoutes)
  const works = new WeakMap<FastifyRequest, RunningWork>()

  server.addHook('onRequest', (request, reply, next) => {
    const route = request.routeOptions.url
    if (route !== undefined && ignored.has(route)) return next()
    const running = openWork(request, route, options)
    // Ours, or the one that another instrumentation opened.
    const span = running.span ?? trace.getActiveSpan()
    let finished = false
    reply.raw.once('finish', () => (finished = true))
    reply.raw.once('close', () => closeWork(request, reply, { running, span, finished }))
    works.set(request, running)
    // Fastify goes on in the context it is called in, and keeps it while it reads the body.
    running.run(() => next())
  })
  server.addHook('onError', (request, _reply, error, next) => {
    works.get(request)?.work.fail(error)
    next()
  })
  done()
}

// What the package fastify-plugin does: the hooks apply to the instance that registers the plugin, and a name for Fastify's messages.
Object.assign(telemetryPlugin, { [Symbol.for('skip-override')]: true, [Symbol.for('fastify.display-name')]: '@ballast/telemetry' })

function openWork(request: FastifyRequest, route: string | undefined, options: TelemetryPluginOptions): RunningWork {
  const fields = requestFields(request, route)
  const method = requestMethod(request.method)
  const spanName = route === undefined ? method : `${method} ${route}`
  const other = trace.getActiveSpan()
  if (other !== undefined && route !== undefined) other.updateName(spanName).setAttribute(ATTR_HTTP_ROUTE, route)
  return new RunningWork(requestEventName, {
    fields,
    kind: 'server',
    spanName,
    span: other === undefined,
    parent: other === undefined ? propagation.extract(context.active(), request.headers) : context.active(),
    ...(options.limits !== undefined && { limits: options.limits }),
    ...(options.redactNames !== undefined && { redactNames: options.redactNames }),
  })
}

/** @param state - `finished`: the whole answer went to the operating system before the connection closed. */
function closeWork(request: FastifyRequest, reply: FastifyReply, state: { running: RunningWork; span: Span | undefined; finished: boolean }): void {
  const { running, span, finished } = state
  const what = `${request.method} ${request.routeOptions.url ?? request.url.split('?')[0]}`
  if (!finished) return running.end({ outcome: 'aborted', summary: `${what} aborted by the client` })
  const status = reply.raw.statusCode
  running.work.set(ATTR_HTTP_RESPONSE_STATUS_CODE, status)
  span?.setAttribute(ATTR_HTTP_RESPONSE_STATUS_CODE, status)
  if (status >= 500) {
    // By the HTTP conventions; the code or class of what was thrown takes its place where there is one.
    running.work.set(ATTR_ERROR_TYPE, String(status))
    span?.setAttribute(ATTR_ERROR_TYPE, String(status))
  }
  const summary = `${what} ${status}`
  running.end(status >= 500 ? { outcome: 'error', summary } : status >= 400 ? { outcome: 'rejected', summary } : { summary })
}
