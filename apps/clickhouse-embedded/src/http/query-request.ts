import type { IncomingHttpHeaders } from 'node:http'
import { ClickHouseException } from '../errors.ts'

/** What URL and headers ask for; the SQL itself may go on in the body. */
export interface QueryRequest {
  readonly sql: string
  readonly queryId: string | undefined
  readonly database: string | undefined
  readonly defaultFormat: string | undefined
  readonly settings: readonly (readonly [string, string])[]
  readonly parameters: readonly (readonly [string, string])[]
  readonly readonly: number
  /** Whether the response may be gzipped when the client accepts it. */
  readonly compressResponse: boolean
  /** Whether the whole result is kept until the query has ended, so that a late error gets a status. */
  readonly waitEndOfQuery: boolean
  /** Result that is kept before the first byte goes out, bytes. */
  readonly bufferBytes: number
}

/** URL parameters that are ClickHouse's own and not settings. */
const RESERVED = new Set([
  'query', 'query_id', 'database', 'default_format', 'user', 'password', 'quota_key', 'compress', 'decompress', 'stacktrace',
  'session_id', 'session_timeout', 'session_check', 'close_session', 'role', 'buffer_size', 'wait_end_of_query', 'client_protocol_version',
])

const NOT_SUPPORTED: readonly (readonly [parameter: string, why: string])[] = [
  ['session_id', 'Sessions (session_id) are not supported by the embedded server: each query has a session of its own; send settings with the query.'],
  ['compress', "ClickHouse's own block compression (compress=1) is not supported by the embedded server; use enable_http_compression=1 with Accept-Encoding: gzip."],
  ['decompress', "ClickHouse's own block compression (decompress=1) is not supported by the embedded server; send Content-Encoding: gzip."],
  ['role', 'Roles are not supported by the embedded server: it has one user.'],
]

/**
 * Reads a request's URL and headers.
 *
 * @throws ClickHouseException NOT_IMPLEMENTED for what the embedded server cannot honour.
 */
export function readQueryRequest(method: string, url: URL, headers: IncomingHttpHeaders): QueryRequest {
  const get = (name: string): string | undefined => url.searchParams.get(name) ?? undefined
  for (const [parameter, why] of NOT_SUPPORTED) {
    const value = get(parameter)
    if (value !== undefined && value !== '' && value !== '0') throw ClickHouseException.of('NOT_IMPLEMENTED', why)
  }
  const settings: (readonly [string, string])[] = []
  const parameters: (readonly [string, string])[] = []
  for (const [name, value] of url.searchParams) {
    if (name.startsWith('param_')) parameters.push([name.slice('param_'.length), value])
    else if (!RESERVED.has(name)) settings.push([name, value])
  }
  return {
    sql: get('query') ?? '',
    queryId: get('query_id'),
    database: get('database') ?? header(headers, 'x-clickhouse-database'),
    defaultFormat: get('default_format') ?? header(headers, 'x-clickhouse-format'),
    settings,
    parameters,
    // Like ClickHouse: a GET must change nothing, but may set settings.
    readonly: method === 'POST' ? 0 : 2,
    compressResponse: isOn(get('enable_http_compression')),
    waitEndOfQuery: isOn(get('wait_end_of_query')),
    bufferBytes: wholeNumber('buffer_size', get('buffer_size')),
  }
}

/** One header's value, the first if there are several. */
export function header(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name]
  return Array.isArray(value) ? value[0] : value
}

function isOn(value: string | undefined): boolean {
  return value === '1' || value === 'true'
}

function wholeNumber(name: string, value: string | undefined): number {
  if (value === undefined || value === '') return 0
  if (!/^\d{1,12}$/.test(value)) throw ClickHouseException.of('BAD_ARGUMENTS', `The URL parameter ${name} is '${value}', which is not a whole number.`)
  return Number(value)
}
