import type { SpanRecord } from '../record/records.ts'
import { readAttributes } from './decode-attributes.ts'
import type { JsonObject, JsonReader } from './json-reader.ts'

const KIND_NAMES = ['SPAN_KIND_UNSPECIFIED', 'SPAN_KIND_INTERNAL', 'SPAN_KIND_SERVER', 'SPAN_KIND_CLIENT', 'SPAN_KIND_PRODUCER', 'SPAN_KIND_CONSUMER']
const STATUS_NAMES = ['STATUS_CODE_UNSET', 'STATUS_CODE_OK', 'STATUS_CODE_ERROR']

/** Decodes the JSON of a Span. */
export function decodeJsonSpan(reader: JsonReader, span: JsonObject): SpanRecord {
  const status = reader.field<JsonObject>(span, 'status', (value) => reader.object(value), {})
  return {
    traceId: reader.id(span, 'traceId', 16),
    spanId: reader.id(span, 'spanId', 8),
    parentSpanId: reader.id(span, 'parentSpanId', 8),
    traceState: reader.string(span, 'traceState'),
    name: reader.string(span, 'name'),
    kind: reader.enumeration(span, 'kind', KIND_NAMES),
    startTimeUnixNano: reader.uint64(span, 'startTimeUnixNano'),
    endTimeUnixNano: reader.uint64(span, 'endTimeUnixNano'),
    attributes: readAttributes(reader, span),
    events: reader.list(span, 'events', (event) => ({
      timeUnixNano: reader.uint64(event, 'timeUnixNano'),
      name: reader.string(event, 'name'),
      attributes: readAttributes(reader, event),
    })),
    links: reader.list(span, 'links', (link) => ({
      traceId: reader.id(link, 'traceId', 16),
      spanId: reader.id(link, 'spanId', 8),
      traceState: reader.string(link, 'traceState'),
      attributes: readAttributes(reader, link),
    })),
    statusCode: reader.enumeration(status, 'code', STATUS_NAMES),
    statusMessage: reader.string(status, 'message'),
  }
}
