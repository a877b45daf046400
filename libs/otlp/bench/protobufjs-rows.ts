import type Long from 'long'
import { SPAN_KINDS, STATUS_CODES } from '../src/rows/names.ts'
import { fromProtobuf } from '../test/otlp-messages.ts'

// The competitor: decode with protobufjs, make a row object of each record, JSON.stringify it. Written to be fast for what it is.

interface Value { stringValue?: string; intValue?: Long; boolValue?: boolean; doubleValue?: number }
export interface KeyValue { key: string; value: Value }
export interface Resource { attributes: KeyValue[] }
export interface Scope { name: string; version: string; attributes: KeyValue[] }
interface Span {
  traceId: Uint8Array; spanId: Uint8Array; parentSpanId: Uint8Array; traceState: string; name: string; kind: number
  startTimeUnixNano: Long; endTimeUnixNano: Long; attributes: KeyValue[]; status?: { code: number; message: string }
  events: { timeUnixNano: Long; name: string; attributes: KeyValue[] }[]
  links: { traceId: Uint8Array; spanId: Uint8Array; traceState: string; attributes: KeyValue[] }[]
}
interface LogRecord {
  timeUnixNano: Long; severityNumber: number; severityText: string; body: Value; attributes: KeyValue[]; flags: number
  traceId: Uint8Array; spanId: Uint8Array; eventName: string
}
interface Traces { resourceSpans: { resource: Resource; scopeSpans: { scope: Scope; spans: Span[] }[] }[] }
interface Logs { resourceLogs: { resource: Resource; schemaUrl: string; scopeLogs: { scope: Scope; schemaUrl: string; logRecords: LogRecord[] }[] }[] }

/** A trace request as JSONEachRow. */
export function protobufjsTraceRows(body: Uint8Array, tenantId: string): readonly Buffer[] {
  let text = ''
  for (const { resource, scopeSpans } of (fromProtobuf('TracesRequest', body) as Traces).resourceSpans) {
    const resourceAttributes = attributesOf(resource.attributes)
    for (const { scope, spans } of scopeSpans) for (const span of spans) text += `${JSON.stringify(spanRow(span, resourceAttributes, scope, tenantId))}\n`
  }
  return [Buffer.from(text)]
}

/** A log request as JSONEachRow. */
export function protobufjsLogRows(body: Uint8Array, tenantId: string): readonly Buffer[] {
  let text = ''
  for (const { resource, schemaUrl, scopeLogs } of (fromProtobuf('LogsRequest', body) as Logs).resourceLogs) {
    const shared = { ServiceName: '', ResourceSchemaUrl: schemaUrl, ResourceAttributes: attributesOf(resource.attributes), TenantId: tenantId, SampleRate: '1' }
    shared.ServiceName = shared.ResourceAttributes['service.name'] ?? ''
    for (const { scope, schemaUrl: scopeUrl, logRecords } of scopeLogs) {
      const scoped = { ScopeSchemaUrl: scopeUrl, ScopeName: scope.name, ScopeVersion: scope.version, ScopeAttributes: attributesOf(scope.attributes) }
      for (const log of logRecords) text += `${JSON.stringify({ ...logRow(log), ...shared, ...scoped })}\n`
    }
  }
  return [Buffer.from(text)]
}

function spanRow(span: Span, resourceAttributes: Record<string, string>, scope: Scope, tenantId: string): object {
  const start = nanos(span.startTimeUnixNano)
  return {
    Timestamp: time(start),
    TraceId: hex(span.traceId),
    SpanId: hex(span.spanId),
    ParentSpanId: hex(span.parentSpanId),
    TraceState: span.traceState,
    SpanName: span.name,
    SpanKind: SPAN_KINDS[span.kind],
    ServiceName: resourceAttributes['service.name'],
    ResourceAttributes: resourceAttributes,
    ScopeName: scope.name,
    ScopeVersion: scope.version,
    SpanAttributes: attributesOf(span.attributes),
    Duration: String(nanos(span.endTimeUnixNano) - start),
    StatusCode: STATUS_CODES[span.status?.code ?? 0],
    StatusMessage: span.status?.message ?? '',
    'Events.Timestamp': span.events.map((event) => time(nanos(event.timeUnixNano))),
    'Events.Name': span.events.map((event) => event.name),
    'Events.Attributes': span.events.map((event) => attributesOf(event.attributes)),
    'Links.TraceId': span.links.map((link) => hex(link.traceId)),
    'Links.SpanId': span.links.map((link) => hex(link.spanId)),
    'Links.TraceState': span.links.map((link) => link.traceState),
    'Links.Attributes': span.links.map((link) => attributesOf(link.attributes)),
    TenantId: tenantId,
    SampleRate: '1',
  }
}

function logRow(log: LogRecord): object {
  return {
    Timestamp: time(nanos(log.timeUnixNano)),
    TraceId: hex(log.traceId),
    SpanId: hex(log.spanId),
    TraceFlags: log.flags & 0xff,
    SeverityText: log.severityText,
    SeverityNumber: log.severityNumber,
    Body: text(log.body),
    LogAttributes: attributesOf(log.attributes),
    EventName: log.eventName,
  }
}

export function attributesOf(attributes: readonly KeyValue[]): Record<string, string> {
  const sorted = attributes.toSorted((a, b) => (a.key < b.key ? -1 : 1))
  const map: Record<string, string> = {}
  for (const { key, value } of sorted) map[key] = text(value)
  return map
}

function text(value: Value): string {
  if (Object.hasOwn(value, 'stringValue')) return value.stringValue!
  if (Object.hasOwn(value, 'intValue')) return value.intValue!.toString()
  return String(value.boolValue ?? value.doubleValue ?? '')
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
export const nanos = (value: Long): bigint => (BigInt(value.getHighBitsUnsigned()) << 32n) | BigInt(value.getLowBitsUnsigned())
export const time = (unixNano: bigint): string => `${unixNano / 1_000_000_000n}.${String(unixNano % 1_000_000_000n).padStart(9, '0')}`
