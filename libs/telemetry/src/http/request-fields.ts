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
  readonly protocol: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly raw: { readonly httpVersion: string }
}

/** `http.request.method` by the semantic conventions. */
export function requestMethod(method: string): string {
  return KNOWN_METHODS.has(method) ? method : '_OTHER'
}

/** The attributes of a request by OpenTelemetry's HTTP conventions, known before it is handled. The client's address is left out: it is personal data. */
export function requestFields(request: IncomingRequest, route: string | undefined): Record<string, FieldValue> {
  const query = request.url.indexOf('?')
  return {
    [ATTR_HTTP_REQUEST_METHOD]: requestMethod(request.method),
    [ATTR_HTTP_ROUTE]: route,
    [ATTR_URL_PATH]: query === -1 ? request.url : request.url.slice(0, query),
    [ATTR_URL_QUERY]: query === -1 ? undefined : request.url.slice(query + 1),
    [ATTR_URL_SCHEME]: request.protocol,
    [ATTR_NETWORK_PROTOCOL_VERSION]: request.raw.httpVersion,
    [ATTR_USER_AGENT_ORIGINAL]: request.headers['user-agent'],
  }
}
