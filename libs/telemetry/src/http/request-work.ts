import { context, propagation, type Span, trace } from '@opentelemetry/api'
import { ATTR_ERROR_TYPE, ATTR_HTTP_RESPONSE_STATUS_CODE, ATTR_HTTP_ROUTE } from '@opentelemetry/semantic-conventions'
import type { EventLimits } from '../work/limits.ts'
import { RunningWork } from '../work/running-work.ts'
import { type IncomingRequest, requestFields, requestMethod, requestPath } from './request-fields.ts'

/** Name of the event of every request. */
export const requestEventName = 'http.server.request'

/** Options of the units of work of requests. */
export interface RequestWorkOptions {
  /** @default eventLimits */
  readonly limits?: EventLimits
  /** Names, beside the built-in ones, of fields whose values never leave the process. @default none */
  readonly redactNames?: RegExp
}

/** How a request ended. */
export interface RequestEnd {
  /** Whether the whole answer went to the operating system before the connection closed. */
  readonly finished: boolean
  readonly status: number
  /** Of the answer's body; `undefined` where it is not known. Bytes. */
  readonly bodySize: number | undefined
}

/**
 * The unit of work of one incoming request, whatever serves it: a SERVER span that continues the caller's trace, and one event. A span
 * that another instrumentation has opened is used instead.
 */
export class RequestWork {
  readonly running: RunningWork
  readonly #span: Span | undefined
  readonly #what: string
  #brokenOff = false

  constructor(request: IncomingRequest, route: string | undefined, { limits, redactNames }: RequestWorkOptions) {
    const method = requestMethod(request.method)
    const spanName = route === undefined ? method : `${method} ${route}`
    const other = trace.getActiveSpan()
    if (other !== undefined && route !== undefined) other.updateName(spanName).setAttribute(ATTR_HTTP_ROUTE, route)
    this.running = new RunningWork(requestEventName, {
      fields: requestFields(request, route),
      kind: 'server',
      spanName,
      span: other === undefined,
      parent: other === undefined ? propagation.extract(context.active(), request.headers) : context.active(),
      ...(limits !== undefined && { limits }),
      ...(redactNames !== undefined && { redactNames }),
    })
    this.#span = this.running.span ?? other
    this.#what = `${request.method} ${route ?? requestPath(request.url)}`
  }

  /** Says that the server itself breaks the answer off, because of an error after its beginning was sent. */
  breakOff(): void {
    this.#brokenOff = true
  }

  /** Ends it: `aborted` when the client went away, else by the status of the answer. */
  end({ finished, status, bodySize }: RequestEnd): void {
    const { work } = this.running
    if (this.#brokenOff) return this.running.end({ outcome: 'error', summary: `${this.#what} broken off` })
    if (!finished) return this.running.end({ outcome: 'aborted', summary: `${this.#what} aborted by the client` })
    work.set(ATTR_HTTP_RESPONSE_STATUS_CODE, status)
    work.set('http.response.body.size', bodySize)
    this.#span?.setAttribute(ATTR_HTTP_RESPONSE_STATUS_CODE, status)
    if (status >= 500) {
      // By the HTTP conventions; the code or class of what was thrown takes its place where there is one.
      work.set(ATTR_ERROR_TYPE, String(status))
      this.#span?.setAttribute(ATTR_ERROR_TYPE, String(status))
    }
    const summary = `${this.#what} ${status}`
    this.running.end(status >= 500 ? { outcome: 'error', summary } : status >= 400 ? { outcome: 'rejected', summary } : { summary })
  }
}
