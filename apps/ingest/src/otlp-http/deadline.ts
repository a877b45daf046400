import type { IncomingHttpHeaders } from 'node:http'

/** Header by which a sender over HTTP says how long it waits, milliseconds; over gRPC its deadline says so. */
export const TIMEOUT_HEADER = 'x-request-timeout-ms'

/** When the sender gives up, milliseconds since 1970; infinity when it does not say. */
export function deadlineOf(headers: IncomingHttpHeaders, nowMs: number): number {
  const text = headers[TIMEOUT_HEADER]
  return typeof text === 'string' && /^\d{1,9}$/.test(text) ? nowMs + Number(text) : Number.POSITIVE_INFINITY
}
