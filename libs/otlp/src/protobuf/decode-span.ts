import { OtlpError } from '../errors.ts'
import type { KeyValue } from '../record/any-value.ts'
import type { SpanEvent, SpanLink, SpanRecord } from '../record/records.ts'
import { decodeKeyValue } from './decode-attributes.ts'
import { hex } from './hex.ts'
import { I64, LEN, VARINT, WireReader } from './wire-reader.ts'

/**
 * Decodes `opentelemetry.proto.trace.v1.Span`.
 *
 * The envelopes of all signals share their field numbers, so logs and metrics sent here decode as spans; fields of another
 * wire type give them away.
 */
export function decodeSpan(bytes: Uint8Array): SpanRecord {
  const reader = new WireReader(bytes)
  const span = {
    traceId: '', spanId: '', parentSpanId: '', traceState: '', name: '', kind: 0, startTimeUnixNano: 0n, endTimeUnixNano: 0n,
    attributes: [] as KeyValue[], events: [] as SpanEvent[], links: [] as SpanLink[], statusCode: 0, statusMessage: '',
  }
  while (reader.next()) {
    switch (reader.tag) {
      case (1 << 3) | LEN:
        span.traceId = hex(reader.bytes())
        break
      case (2 << 3) | LEN:
        span.spanId = hex(reader.bytes())
        break
      case (3 << 3) | LEN:
        span.traceState = reader.string()
        break
      case (4 << 3) | LEN:
        span.parentSpanId = hex(reader.bytes())
        break
      case (5 << 3) | LEN:
        span.name = reader.string()
        break
      case (6 << 3) | VARINT:
        span.kind = reader.int32()
        break
      case (7 << 3) | I64:
        span.startTimeUnixNano = reader.fixed64()
        break
      case (8 << 3) | I64:
        span.endTimeUnixNano = reader.fixed64()
        break
      case (9 << 3) | LEN:
        span.attributes.push(decodeKeyValue(reader.bytes()))
        break
      case (11 << 3) | LEN:
        span.events.push(decodeEvent(reader.bytes()))
        break
      case (13 << 3) | LEN:
        span.links.push(decodeLink(reader.bytes()))
        break
      case (15 << 3) | LEN:
        decodeStatus(reader.bytes(), span)
        break
      case (1 << 3) | I64: // LogRecord.time_unix_nano
      case (2 << 3) | VARINT: // LogRecord.severity_number
      case (11 << 3) | I64: // LogRecord.observed_time_unix_nano
        throw wrongEndpoint('log records', '/v1/logs')
      case (7 << 3) | LEN: // Metric.sum
        throw wrongEndpoint('metrics', '/v1/metrics')
      default:
        reader.skip()
    }
  }
  return span
}

function wrongEndpoint(what: string, path: string): OtlpError {
  return new OtlpError('WRONG_ENDPOINT', `/v1/traces was sent ${what}; send them to ${path}.`)
}

function decodeEvent(bytes: Uint8Array): SpanEvent {
  const reader = new WireReader(bytes)
  const event = { timeUnixNano: 0n, name: '', attributes: [] as KeyValue[] }
  while (reader.next()) {
    switch (reader.tag) {
      case (1 << 3) | I64:
        event.timeUnixNano = reader.fixed64()
        break
      case (2 << 3) | LEN:
        event.name = reader.string()
        break
      case (3 << 3) | LEN:
        event.attributes.push(decodeKeyValue(reader.bytes()))
        break
      default:
        reader.skip()
    }
  }
  return event
}

function decodeLink(bytes: Uint8Array): SpanLink {
  const reader = new WireReader(bytes)
  const link = { traceId: '', spanId: '', traceState: '', attributes: [] as KeyValue[] }
  while (reader.next()) {
    switch (reader.tag) {
      case (1 << 3) | LEN:
        link.traceId = hex(reader.bytes())
        break
      case (2 << 3) | LEN:
        link.spanId = hex(reader.bytes())
        break
      case (3 << 3) | LEN:
        link.traceState = reader.string()
        break
      case (4 << 3) | LEN:
        link.attributes.push(decodeKeyValue(reader.bytes()))
        break
      default:
        reader.skip()
    }
  }
  return link
}

function decodeStatus(bytes: Uint8Array, span: { statusCode: number; statusMessage: string }): void {
  const reader = new WireReader(bytes)
  while (reader.next()) {
    switch (reader.tag) {
      case (2 << 3) | LEN:
        span.statusMessage = reader.string()
        break
      case (3 << 3) | VARINT:
        span.statusCode = reader.int32()
        break
      default:
        reader.skip()
    }
  }
}
