import type { Request, Span } from './decoded.ts'
import { Expected, hex, isId, isZero, RECEIVED_AT, type Row, scopeOf, serviceName } from './expected.ts'

const KINDS = ['Unspecified', 'Internal', 'Server', 'Client', 'Producer', 'Consumer']
const STATUSES = ['Unset', 'Ok', 'Error']

/** The rules of `otel_traces`, said once more. */
export function expectedTraces(request: Request, tenantId: string): Expected {
  const expected = new Expected()
  for (const { resource, scopeSpans } of request.resourceSpans ?? []) {
    const resourceAttributes = expected.group(() => expected.attributes(resource?.attributes ?? []))
    for (const group of scopeSpans ?? []) {
      const { name, version } = scopeOf(group)
      const shared = { ServiceName: serviceName(resource), ResourceAttributes: resourceAttributes, ScopeName: name, ScopeVersion: version, TenantId: tenantId, SampleRate: 1n }
      for (const span of group.spans ?? []) expected.record('otel_traces', () => ({ ...shared, ...spanRow(expected, span) }))
    }
  }
  return expected
}

function spanRow(expected: Expected, span: Span): Row {
  const sentStart = expected.time(span.startTimeUnixNano)
  const end = expected.time(span.endTimeUnixNano)
  const start = sentStart || end || RECEIVED_AT
  const kind = span.kind ?? 0
  const status = span.status?.code ?? 0
  expected.note('start_time_missing', sentStart === 0n)
  expected.note('end_before_start', end < start)
  expected.note('enum_unknown', KINDS[kind] === undefined)
  expected.note('enum_unknown', STATUSES[status] === undefined)
  expected.reject('invalid_parent_span_id', ![undefined, 0, 8].includes(span.parentSpanId?.length))
  const links = span.links.map((link) => {
    const usable = isId(link.traceId, 16) && isId(link.spanId, 8)
    expected.note('link_without_ids', !usable)
    return { traceId: usable ? hex(link.traceId) : '', spanId: usable ? hex(link.spanId) : '', state: expected.text(link.traceState), attributes: expected.attributes(link.attributes) }
  })
  return {
    Timestamp: start,
    TraceId: expected.id(span.traceId, 16, 'invalid_trace_id'),
    SpanId: expected.id(span.spanId, 8, 'invalid_span_id'),
    ParentSpanId: isZero(span.parentSpanId) ? '' : hex(span.parentSpanId),
    TraceState: expected.text(span.traceState),
    SpanName: expected.text(span.name),
    SpanKind: KINDS[kind] ?? KINDS[0]!,
    SpanAttributes: expected.attributes(span.attributes),
    Duration: end < start ? 0n : end - start,
    StatusCode: STATUSES[status] ?? STATUSES[0]!,
    StatusMessage: expected.text(span.status?.message ?? null),
    'Events.Timestamp': span.events.map((event) => expected.time(event.timeUnixNano)),
    'Events.Name': span.events.map((event) => expected.text(event.name)),
    'Events.Attributes': span.events.map((event) => expected.attributes(event.attributes)),
    'Links.TraceId': links.map((link) => link.traceId),
    'Links.SpanId': links.map((link) => link.spanId),
    'Links.TraceState': links.map((link) => link.state),
    'Links.Attributes': links.map((link) => link.attributes),
  }
}
