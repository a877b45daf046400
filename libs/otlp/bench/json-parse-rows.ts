import { SPAN_KINDS, STATUS_CODES } from '../src/rows/names.ts'

// The competitor for JSON: JSON.parse, make a row object of each record, JSON.stringify it. Written to be fast for what it is: ids
// are taken as they are, and only the duration needs 64-bit numbers.

interface Value { stringValue?: string; intValue?: string; boolValue?: boolean; doubleValue?: number }
export interface KeyValue { key: string; value: Value }
export interface Resource { attributes: KeyValue[] }
export interface Scope { name: string; version: string; attributes?: KeyValue[] }
interface Span {
  traceId: string; spanId: string; parentSpanId: string; traceState?: string; name: string; kind: number
  startTimeUnixNano: string; endTimeUnixNano: string; attributes: KeyValue[]; status?: { code?: number; message?: string }
  events?: { timeUnixNano: string; name: string; attributes: KeyValue[] }[]
  links?: { traceId: string; spanId: string; traceState: string; attributes: KeyValue[] }[]
}
interface LogRecord {
  timeUnixNano: string; severityNumber: number; severityText: string; body: Value; attributes: KeyValue[]; flags: number
  traceId: string; spanId: string; eventName?: string
}
interface Traces { resourceSpans: { resource: Resource; scopeSpans: { scope: Scope; spans: Span[] }[] }[] }
interface Logs { resourceLogs: { resource: Resource; schemaUrl?: string; scopeLogs: { scope: Scope; schemaUrl?: string; logRecords: LogRecord[] }[] }[] }

/** A trace request as JSONEachRow. */
export function jsonParseTraceRows(body: Uint8Array, tenantId: string): readonly Buffer[] {
  let text = ''
  for (const { resource, scopeSpans } of (JSON.parse(textOf(body)) as Traces).resourceSpans) {
    const resourceAttributes = attributesOf(resource.attributes)
    for (const { scope, spans } of scopeSpans) for (const span of spans) text += `${JSON.stringify(spanRow(span, resourceAttributes, scope, tenantId))}\n`
  }
  return [Buffer.from(text)]
}

/** A log request as JSONEachRow. */
export function jsonParseLogRows(body: Uint8Array, tenantId: string): readonly Buffer[] {
  let text = ''
  for (const { resource, schemaUrl = '', scopeLogs } of (JSON.parse(textOf(body)) as Logs).resourceLogs) {
    const shared = { ServiceName: '', ResourceSchemaUrl: schemaUrl, ResourceAttributes: attributesOf(resource.attributes), TenantId: tenantId, SampleRate: '1' }
    shared.ServiceName = shared.ResourceAttributes['service.name'] ?? ''
    for (const { scope, schemaUrl: scopeUrl = '', logRecords } of scopeLogs) {
      const scoped = { ScopeSchemaUrl: scopeUrl, ScopeName: scope.name, ScopeVersion: scope.version, ScopeAttributes: attributesOf(scope.attributes ?? []) }
      for (const log of logRecords) text += `${JSON.stringify({ ...logRow(log), ...shared, ...scoped })}\n`
    }
  }
  return [Buffer.from(text)]
}

function spanRow(span: Span, resourceAttributes: Record<string, string>, scope: Scope, tenantId: string): object {
  const events = span.events ?? []
  const links = span.links ?? []
  return {
    Timestamp: time(span.startTimeUnixNano),
    TraceId: span.traceId,
    SpanId: span.spanId,
    ParentSpanId: span.parentSpanId,
    TraceState: span.traceState ?? '',
    SpanName: span.name,
    SpanKind: SPAN_KINDS[span.kind],
    ServiceName: resourceAttributes['service.name'],
    ResourceAttributes: resourceAttributes,
    ScopeName: scope.name,
    ScopeVersion: scope.version,
    SpanAttributes: attributesOf(span.attributes),
    Duration: String(BigInt(span.endTimeUnixNano) - BigInt(span.startTimeUnixNano)),
    StatusCode: STATUS_CODES[span.status?.code ?? 0],
    StatusMessage: span.status?.message ?? '',
    'Events.Timestamp': events.map((event) => time(event.timeUnixNano)),
    'Events.Name': events.map((event) => event.name),
    'Events.Attributes': events.map((event) => attributesOf(event.attributes)),
    'Links.TraceId': links.map((link) => link.traceId),
    'Links.SpanId': links.map((link) => link.spanId),
    'Links.TraceState': links.map((link) => link.traceState),
    'Links.Attributes': links.map((link) => attributesOf(link.attributes)),
    TenantId: tenantId,
    SampleRate: '1',
  }
}

function logRow(log: LogRecord): object {
  return {
    Timestamp: time(log.timeUnixNano),
    TraceId: log.traceId,
    SpanId: log.spanId,
    TraceFlags: log.flags & 0xff,
    SeverityText: log.severityText,
    SeverityNumber: log.severityNumber,
    Body: text(log.body),
    LogAttributes: attributesOf(log.attributes),
    EventName: log.eventName ?? '',
  }
}

export function attributesOf(attributes: readonly KeyValue[]): Record<string, string> {
  const sorted = attributes.toSorted((a, b) => (a.key < b.key ? -1 : 1))
  const map: Record<string, string> = {}
  for (const { key, value } of sorted) map[key] = text(value)
  return map
}

const text = (value: Value): string => value.stringValue ?? value.intValue ?? String(value.boolValue ?? value.doubleValue ?? '')
export const time = (unixNano: string): string => `${unixNano.slice(0, -9)}.${unixNano.slice(-9)}`
export const textOf = (body: Uint8Array): string => Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString()
