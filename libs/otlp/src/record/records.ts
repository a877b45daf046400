import type { AnyValue, KeyValue } from './any-value.ts'

/** A record with what is needed to quarantine it. */
export interface Sourced<R> {
  readonly record: R
  /** The record as it came. */
  readonly raw: () => Uint8Array
}

/** What produced the records of one scope. */
export interface Scope {
  readonly name: string
  readonly version: string
  readonly attributes: readonly KeyValue[]
}

/** Records of one scope. */
export interface ScopeRecords<R> {
  readonly scope: Scope
  readonly schemaUrl: string
  readonly records: readonly Sourced<R>[]
}

/** Records of one resource. */
export interface ResourceRecords<R> {
  readonly attributes: readonly KeyValue[]
  readonly schemaUrl: string
  readonly scopes: readonly ScopeRecords<R>[]
}

/** An event of a span. */
export interface SpanEvent {
  readonly timeUnixNano: bigint
  readonly name: string
  readonly attributes: readonly KeyValue[]
}

/** A link of a span. Ids are lower-case hex. */
export interface SpanLink {
  readonly traceId: string
  readonly spanId: string
  readonly traceState: string
  readonly attributes: readonly KeyValue[]
}

/** A span as it came; ids are lower-case hex of whatever length. */
export interface SpanRecord {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string
  readonly traceState: string
  readonly name: string
  readonly kind: number
  readonly startTimeUnixNano: bigint
  readonly endTimeUnixNano: bigint
  readonly attributes: readonly KeyValue[]
  readonly events: readonly SpanEvent[]
  readonly links: readonly SpanLink[]
  readonly statusCode: number
  readonly statusMessage: string
}

/** A log record as it came; ids are lower-case hex of whatever length. */
export interface LogRecord {
  readonly timeUnixNano: bigint
  readonly observedTimeUnixNano: bigint
  readonly severityNumber: number
  readonly severityText: string
  readonly body: AnyValue
  readonly attributes: readonly KeyValue[]
  readonly flags: number
  readonly traceId: string
  readonly spanId: string
  readonly eventName: string
}
