/** Names of `Span.SpanKind`, by number. */
export const SPAN_KINDS = ['Unspecified', 'Internal', 'Server', 'Client', 'Producer', 'Consumer'] as const

/** Names of `Status.StatusCode`, by number. */
export const STATUS_CODES = ['Unset', 'Ok', 'Error'] as const

const SEVERITIES = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'] as const

/** The largest `SeverityNumber`. */
export const MAX_SEVERITY = 24

/** Name of a severity number: each range has four numbers, from 1. */
export function severityName(severity: number): string {
  return severity === 0 ? '' : SEVERITIES[Math.floor((severity - 1) / 4)]!
}
