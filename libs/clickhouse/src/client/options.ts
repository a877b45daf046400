import { parse } from '@lukeed/ms'

/** How to reach a ClickHouse server. */
export interface ClickHouseOptions {
  /** HTTP address. @default http://127.0.0.1:8123 */
  readonly url?: string
  /** Database that unqualified names mean. @default otel */
  readonly database?: string
  /** @default default */
  readonly username?: string
  /** Never logged. @default '' */
  readonly password?: string
  /** Deadline of one request, from its start to the end of its answer: milliseconds, or a text such as `'30s'`. @default 30s */
  readonly requestTimeoutMs?: number | string
  /** Connections at once. @default 10 */
  readonly maxConnections?: number
  /** Compress requests and answers with gzip. @default true, but false to a loopback address, where it costs more than it saves */
  readonly compression?: boolean
  /** Seen in the server's query log. @default ballast */
  readonly application?: string
  /** Settings of every request, e.g. `{ max_execution_time: 10 }`. */
  readonly settings?: Readonly<Record<string, string | number>>
}

/** Every option, resolved. */
export interface ResolvedClickHouseOptions {
  readonly url: string
  readonly database: string
  readonly username: string
  readonly password: string
  readonly requestTimeoutMs: number
  readonly maxConnections: number
  readonly compression: boolean
  readonly application: string
  readonly settings: Readonly<Record<string, string | number>>
}

/** Defaults of {@link ClickHouseOptions}. */
export const clickHouseDefaults = {
  url: 'http://127.0.0.1:8123',
  database: 'otel',
  username: 'default',
  password: '',
  /** Milliseconds. */
  requestTimeoutMs: 30_000,
  maxConnections: 10,
  application: 'ballast',
} as const

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]'])

/**
 * Fills in the defaults.
 *
 * @throws TypeError when the URL or the timeout cannot be read.
 */
export function resolveClickHouseOptions(options: ClickHouseOptions): ResolvedClickHouseOptions {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as ClickHouseOptions
  const merged = { ...clickHouseDefaults, settings: {}, ...given }
  if (!URL.canParse(merged.url) || !/^https?:$/.test(new URL(merged.url).protocol)) {
    throw new TypeError('the ClickHouse URL is not an address that starts with http:// or https://')
  }
  const requestTimeoutMs = typeof merged.requestTimeoutMs === 'number' ? merged.requestTimeoutMs : parse(merged.requestTimeoutMs)
  if (requestTimeoutMs === undefined || !(requestTimeoutMs > 0)) {
    throw new TypeError(`requestTimeoutMs is ${String(merged.requestTimeoutMs)}; allowed: milliseconds above 0, or a text such as '30s'`)
  }
  return { ...merged, requestTimeoutMs, compression: merged.compression ?? !LOOPBACK.has(new URL(merged.url).hostname) }
}
