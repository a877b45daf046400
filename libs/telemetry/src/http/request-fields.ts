import {
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_ROUTE,
  ATTR_NETWORK_PROTOCOL_VERSION,
  ATTR_URL_PATH,
  ATTR_URL_QUERY,
  ATTR_URL_SCHEME,
  ATTR_USER_AGENT_ORIGINAL,
} from '@opentelemetry/semantic-conventions'
import type { FieldValue } from '../work/work.ts'

/** Methods that keep their name; any other is `_OTHER`, so that a client cannot invent span names. */
const KNOWN_METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH', 'QUERY'])

/** What this package reads of an incoming request. */
export interface IncomingRequest {
  readonly method: string
  readonly url: string
  readonly scheme: string
  readonly httpVersion: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

/** `http.request.method` by the semantic conventions. */
export function requestMethod(method: string): string {
  return KNOWN_METHODS.has(method) ? method : '_OTHER'
}

/** The path of a request, without its query. */
export function requestPath(url: string): string {
  const query = url.indexOf('?')
  return query === -1 ? url : url.slice(0, query)
}

/** A `content-length`, or `undefined` where there is none. Bytes. */
export function contentLength(header: unknown): number | undefined {
  if (header === undefined || Array.isArray(header)) return undefined
  const length = Number(header)
  return Number.isSafeInteger(length) ? length : undefined
}

/** The attributes of a request by OpenTelemetry's HTTP conventions, known before it is handled. The client's address is left out: it is personal data. */
export function requestFields(request: IncomingRequest, route: string | undefined): Record<string, FieldValue> {
  const path = requestPath(request.url)
  return {
    [ATTR_HTTP_REQUEST_METHOD]: requestMethod(request.method),
    [ATTR_HTTP_ROUTE]: route,
    [ATTR_URL_PATH]: path,
    [ATTR_URL_QUERY]: path === request.url ? undefined : request.url.slice(path.length + 1),
    [ATTR_URL_SCHEME]: request.scheme,
    [ATTR_NETWORK_PROTOCOL_VERSION]: request.httpVersion,
    [ATTR_USER_AGENT_ORIGINAL]: request.headers['user-agent'],
    // The conventions' name; the constant is not in the stable part of the package.
    'http.request.body.size': contentLength(request.headers['content-length']),
  }
}
