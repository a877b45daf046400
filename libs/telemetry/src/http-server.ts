import type { IncomingMessage, ServerResponse } from 'node:http'
import { contentLength } from './http/request-fields.ts'
import { RequestWork, type RequestWorkOptions } from './http/request-work.ts'
import { isThenable } from './work/thenable.ts'

export { requestEventName } from './http/request-work.ts'

/** Options of {@link requestHandler}. */
export interface RequestHandlerOptions extends RequestWorkOptions {
  /** The template of the route that a request takes, of few different values, e.g. `/products/:id`. @default none, so that spans have the method as their name */
  readonly route?: (request: IncomingMessage) => string | undefined
  /** Whether a request leaves no span and no event. @default none */
  readonly ignore?: (request: IncomingMessage) => boolean
}

/** A handler of Node's `http` and `https` servers; it may return a promise. */
export type RequestListener = (request: IncomingMessage, response: ServerResponse) => unknown

/**
 * Wraps the handler of a Node `http` server: a SERVER span that continues the caller's trace, and one event, for each request.
 * An error that the handler throws or rejects with is described in the event and answered with 500 when nothing has been sent yet;
 * otherwise the connection is closed.
 */
export function requestHandler(handle: RequestListener, options: RequestHandlerOptions = {}): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    if (options.ignore?.(request) === true) return void handle(request, response)
    const { method = 'GET', url = '/', headers, httpVersion } = request
    const scheme = 'encrypted' in request.socket ? 'https' : 'http'
    const work = new RequestWork({ method, url, scheme, headers, httpVersion }, options.route?.(request), options)
    let finished = false
    response.once('finish', () => (finished = true))
    response.once('close', () => work.end({ finished, status: response.statusCode, bodySize: contentLength(response.getHeader('content-length')) }))
    const fail = (error: unknown): void => {
      work.running.work.fail(error)
      if (!response.headersSent) return void response.writeHead(500).end()
      if (!response.writableEnded) work.breakOff()
      response.destroy()
    }
    work.running.run(() => {
      try {
        const result = handle(request, response)
        if (isThenable(result)) result.then(undefined, fail)
      } catch (error) {
        fail(error)
      }
    })
  }
}
