import { OtlpError } from '../errors.ts'
import { emptyValue, type KeyValue } from '../record/any-value.ts'
import type { LogRecord } from '../record/records.ts'
import { decodeAnyValue, decodeKeyValue } from './decode-attributes.ts'
import { hex } from './hex.ts'
import { I32, I64, LEN, VARINT, WireReader } from './wire-reader.ts'

/** Decodes `opentelemetry.proto.logs.v1.LogRecord`. Spans and metrics begin with a text or bytes field 1 instead of a time. */
export function decodeLogRecord(bytes: Uint8Array): LogRecord {
  const reader = new WireReader(bytes)
  const log = {
    timeUnixNano: 0n, observedTimeUnixNano: 0n, severityNumber: 0, severityText: '', body: emptyValue,
    attributes: [] as KeyValue[], flags: 0, traceId: '', spanId: '', eventName: '',
  }
  while (reader.next()) {
    switch (reader.tag) {
      case (1 << 3) | I64:
        log.timeUnixNano = reader.fixed64()
        break
      case (2 << 3) | VARINT:
        log.severityNumber = reader.int32()
        break
      case (3 << 3) | LEN:
        log.severityText = reader.string()
        break
      case (5 << 3) | LEN:
        log.body = decodeAnyValue(reader.bytes())
        break
      case (6 << 3) | LEN:
        log.attributes.push(decodeKeyValue(reader.bytes()))
        break
      case (8 << 3) | I32:
        log.flags = reader.fixed32()
        break
      case (9 << 3) | LEN:
        log.traceId = hex(reader.bytes())
        break
      case (10 << 3) | LEN:
        log.spanId = hex(reader.bytes())
        break
      case (11 << 3) | I64:
        log.observedTimeUnixNano = reader.fixed64()
        break
      case (12 << 3) | LEN:
        log.eventName = reader.string()
        break
      case (1 << 3) | LEN: // Span.trace_id: 16 bytes; or Metric.name: a text
        throw reader.bytes().length === 16
          ? new OtlpError('WRONG_ENDPOINT', '/v1/logs was sent spans; send them to /v1/traces.')
          : new OtlpError('WRONG_ENDPOINT', '/v1/logs was sent metrics or spans; send metrics to /v1/metrics and spans to /v1/traces.')
      default:
        reader.skip()
    }
  }
  return log
}
