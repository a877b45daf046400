import { createRequire } from 'node:module'
import Long from 'long'

/** What protobufjs makes of a request: singular fields that were not sent are `null`. */
export interface AnyValue {
  /** Name of the field that is set. */
  readonly value?: Exclude<keyof AnyValue, 'value'>
  readonly stringValue: string
  readonly boolValue: boolean
  readonly intValue: Long
  readonly doubleValue: number
  readonly bytesValue: Uint8Array
  readonly arrayValue: { readonly values: readonly AnyValue[] }
  readonly kvlistValue: { readonly values: readonly KeyValue[] }
}
export interface KeyValue { readonly key: string | null; readonly value: AnyValue | null }
export interface Resource { readonly attributes: readonly KeyValue[] }
export interface Scope { readonly name: string | null; readonly version: string | null; readonly attributes: readonly KeyValue[]; readonly droppedAttributesCount: number | null }
export interface Span {
  readonly traceId: Uint8Array | null; readonly spanId: Uint8Array | null; readonly parentSpanId: Uint8Array | null; readonly traceState: string | null; readonly name: string | null; readonly kind: number | null
  readonly startTimeUnixNano: Long | null; readonly endTimeUnixNano: Long | null; readonly attributes: readonly KeyValue[]; readonly status: { readonly message: string | null; readonly code: number | null } | null
  readonly events: readonly { readonly timeUnixNano: Long | null; readonly name: string | null; readonly attributes: readonly KeyValue[] }[]
  readonly links: readonly { readonly traceId: Uint8Array | null; readonly spanId: Uint8Array | null; readonly traceState: string | null; readonly attributes: readonly KeyValue[] }[]
}
export interface LogRecord {
  readonly timeUnixNano: Long | null; readonly observedTimeUnixNano: Long | null; readonly severityNumber: number | null; readonly severityText: string | null; readonly body: AnyValue | null
  readonly attributes: readonly KeyValue[]; readonly flags: number | null; readonly traceId: Uint8Array | null; readonly spanId: Uint8Array | null; readonly eventName: string | null
}
export interface NumberChoice { readonly value?: 'asDouble' | 'asInt'; readonly asDouble: number; readonly asInt: Long }
export interface Exemplar extends NumberChoice { readonly filteredAttributes: readonly KeyValue[]; readonly timeUnixNano: Long | null; readonly spanId: Uint8Array | null; readonly traceId: Uint8Array | null }
export interface DataPoint { readonly attributes: readonly KeyValue[]; readonly startTimeUnixNano: Long | null; readonly timeUnixNano: Long | null; readonly flags: number | null; readonly exemplars?: readonly Exemplar[] }
export interface NumberDataPoint extends DataPoint, NumberChoice {}
export interface Distribution extends DataPoint { readonly count: Long | null; readonly sum: number | null; readonly min: number | null; readonly max: number | null }
export interface HistogramDataPoint extends Distribution { readonly bucketCounts: readonly Long[]; readonly explicitBounds: readonly number[] }
export interface Buckets { readonly offset: number | null; readonly bucketCounts: readonly Long[] }
export interface ExponentialDataPoint extends Distribution { readonly scale: number | null; readonly zeroCount: Long | null; readonly positive: Buckets | null; readonly negative: Buckets | null }
export interface SummaryDataPoint extends DataPoint { readonly count: Long | null; readonly sum: number | null; readonly quantileValues: readonly { readonly quantile: number | null; readonly value: number | null }[] }
export interface Data<P extends DataPoint = DataPoint> { readonly dataPoints: readonly P[]; readonly aggregationTemporality: number | null; readonly isMonotonic: boolean | null }
export interface Metric {
  readonly name: string | null; readonly description: string | null; readonly unit: string | null
  readonly data?: 'gauge' | 'sum' | 'histogram' | 'exponentialHistogram' | 'summary'
  readonly gauge: Data<NumberDataPoint>; readonly sum: Data<NumberDataPoint>; readonly histogram: Data<HistogramDataPoint>
  readonly exponentialHistogram: Data<ExponentialDataPoint>; readonly summary: Data<SummaryDataPoint>
}
/** The groups of a request. Only the names of the fields differ between signals. */
export type Request = Readonly<Partial<Record<'resourceSpans' | 'resourceLogs' | 'resourceMetrics', readonly ResourceGroup[]>>>
export type ResourceGroup = { readonly resource: Resource | null; readonly schemaUrl: string | null } & Readonly<Partial<Record<'scopeSpans' | 'scopeLogs' | 'scopeMetrics', readonly ScopeGroup[]>>>
export interface ScopeGroup {
  readonly scope: Scope | null; readonly schemaUrl: string | null
  readonly spans?: readonly Span[]; readonly logRecords?: readonly LogRecord[]; readonly metrics?: readonly Metric[]
}

interface MessageType {
  encode(message: object): { finish(): Uint8Array }
  decode(bytes: Uint8Array): Request
}
interface Root {
  readonly opentelemetry: { readonly proto: { readonly collector: Readonly<Record<'trace' | 'logs' | 'metrics', { readonly v1: Readonly<Record<string, MessageType>> }>> } }
}

// The decoder that the OpenTelemetry project generated from its own .proto files; released until 0.213.
const path = createRequire(import.meta.url).resolve('otlp-transformer-oracle/build/src/generated/root.js')
const requireOfOracle = createRequire(path)
const protobuf = requireOfOracle('protobufjs/minimal') as { util: { Long: unknown }; configure(): void }
// Without it 64-bit integers become doubles, which lose digits.
protobuf.util.Long = Long
protobuf.configure()
const root = requireOfOracle(path) as Root
const { trace, logs, metrics } = root.opentelemetry.proto.collector

/** Encoder and decoder of the export request of each signal. */
export const oracle = {
  traces: trace.v1['ExportTraceServiceRequest']!,
  logs: logs.v1['ExportLogsServiceRequest']!,
  metrics: metrics.v1['ExportMetricsServiceRequest']!,
} as const
