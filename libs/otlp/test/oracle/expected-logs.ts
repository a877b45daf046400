import type { LogRecord, Request } from './decoded.ts'
import { Expected, hex, isId, isZero, RECEIVED_AT, type Row, scopeOf, serviceName, unsigned } from './expected.ts'

const SEVERITIES = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL']

/** The rules of `otel_logs`, said once more. */
export function expectedLogs(request: Request, tenantId: string): Expected {
  const expected = new Expected()
  for (const { resource, schemaUrl, scopeLogs } of request.resourceLogs ?? []) {
    const resourceAttributes = expected.group(() => expected.attributes(resource?.attributes ?? []))
    for (const group of scopeLogs ?? []) {
      const { name, version, attributes } = scopeOf(group)
      const shared = {
        ServiceName: serviceName(resource),
        ResourceSchemaUrl: schemaUrl ?? '',
        ResourceAttributes: resourceAttributes,
        ScopeSchemaUrl: group.schemaUrl ?? '',
        ScopeName: name,
        ScopeVersion: version,
        ScopeAttributes: expected.group(() => expected.attributes(attributes)),
        TenantId: tenantId,
        SampleRate: 1n,
      }
      for (const log of group.logRecords ?? []) expected.record('otel_logs', () => ({ ...shared, ...logRow(expected, log) }))
    }
  }
  return expected
}

function logRow(expected: Expected, log: LogRecord): Row {
  const hasTrace = isId(log.traceId, 16)
  expected.note('log_without_trace', !hasTrace && !isZero(log.traceId))
  const sent = log.severityNumber ?? 0
  const known = sent >= 0 && sent <= 24
  expected.note('enum_unknown', !known)
  const severity = known ? sent : 0
  return {
    Timestamp: timeOf(expected, log),
    TraceId: hasTrace ? hex(log.traceId) : '',
    SpanId: hasTrace && isId(log.spanId, 8) ? hex(log.spanId) : '',
    TraceFlags: (log.flags ?? 0) % 256,
    SeverityText: expected.text(log.severityText) || (severity === 0 ? '' : SEVERITIES[(severity - 1) >> 2]!),
    SeverityNumber: severity,
    Body: expected.value(log.body),
    LogAttributes: expected.attributes(log.attributes),
    EventName: expected.text(log.eventName),
  }
}

function timeOf(expected: Expected, log: LogRecord): bigint {
  // A time that is not used need not be storable.
  const used = [log.timeUnixNano, log.observedTimeUnixNano].find((time) => unsigned(time) !== 0n)
  return used === undefined ? RECEIVED_AT : expected.time(used)
}
