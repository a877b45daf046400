import { randomBytes } from 'node:crypto'
import { bytesField, fixed64Field, varintField } from '../protobuf-fields.ts'

export const newTraceId = (): string => randomBytes(16).toString('hex')
export const newSpanId = (): string => randomBytes(8).toString('hex')

/** Nanoseconds since 1970, now, as digits. */
export const nowNanos = (): string => `${Date.now()}000000`

/** A span in JSON, right in every field. */
export function jsonSpan(part: object = {}): object {
  return { traceId: newTraceId(), spanId: newSpanId(), name: 'conformance', kind: 2, startTimeUnixNano: nowNanos(), endTimeUnixNano: nowNanos(), ...part }
}

/** Spans of the service `conformance` in JSON. */
export const jsonTraces = (...spans: object[]): string => JSON.stringify({ resourceSpans: [{ resource: jsonService('conformance'), scopeSpans: [{ spans }] }] })

/** One attribute in JSON. */
export const attribute = (key: string, value: unknown): object => ({ key, value })

const jsonService = (name: string): object => ({ attributes: [attribute('service.name', { stringValue: name })] })

/** Log records of one service in JSON. */
export const jsonLogs = (name: string, ...logRecords: object[]): string =>
  JSON.stringify({ resourceLogs: [{ resource: jsonService(name), scopeLogs: [{ logRecords }] }] })

export interface SpanParts {
  readonly traceId?: string
  readonly spanId?: string
  readonly startNanos?: bigint
  readonly endNanos?: bigint
  /** Fields that come after all others. */
  readonly more?: readonly Buffer[]
}

/** A span in protobuf: `opentelemetry.proto.trace.v1.Span`. */
export function protobufSpan(parts: SpanParts = {}): Buffer {
  const { traceId = newTraceId(), spanId = newSpanId(), startNanos = BigInt(nowNanos()), endNanos = startNanos, more = [] } = parts
  return Buffer.concat([
    bytesField(1, Buffer.from(traceId, 'hex')),
    bytesField(2, Buffer.from(spanId, 'hex')),
    bytesField(5, 'conformance'),
    varintField(6, 2),
    fixed64Field(7, startNanos),
    fixed64Field(8, endNanos),
    ...more,
  ])
}

/** Records in the envelope, which has the same field numbers in every signal. */
export function envelope(records: readonly Buffer[], resource: Buffer = service('conformance')): Buffer {
  const scoped = Buffer.concat(records.map((record) => bytesField(2, record)))
  return bytesField(1, Buffer.concat([bytesField(1, resource), bytesField(2, scoped)]))
}

/** A resource with this `service.name`. */
export const service = (name: string): Buffer => bytesField(1, keyValue('service.name', bytesField(1, name)))

/** `KeyValue` with the bytes of an `AnyValue`. */
export const keyValue = (key: string, value: Buffer): Buffer => Buffer.concat([bytesField(1, key), bytesField(2, value)])

/** A log record in protobuf, with a time and a body. */
export const protobufLog = (...more: Buffer[]): Buffer => Buffer.concat([fixed64Field(1, BigInt(nowNanos())), bytesField(5, bytesField(1, 'conformance')), ...more])

/** A metric with one gauge point, in protobuf. */
export const protobufMetric = (): Buffer =>
  Buffer.concat([bytesField(1, 'conformance'), bytesField(5, bytesField(1, Buffer.concat([fixed64Field(3, BigInt(nowNanos())), fixed64Field(6, 1n)])))])

export const jsonMetrics = (): string =>
  JSON.stringify({ resourceMetrics: [{ resource: jsonService('conformance'), scopeMetrics: [{ metrics: [{ name: 'conformance', gauge: { dataPoints: [{ timeUnixNano: nowNanos(), asInt: '1' }] } }] }] }] })
