import { transcodeLogs, transcodeMetrics, type Transcoded, type TranscodeOptions, transcodeTraces } from '@ballast/otlp'
import { mediaTypes } from './content-type.ts'

/** What a request carries. */
export type Signal = 'traces' | 'logs' | 'metrics'

/** How one signal is taken. */
export interface SignalEndpoint {
  readonly signal: Signal
  /** Under `/v1`. */
  readonly path: string
  /** Its service in OTLP/gRPC. */
  readonly grpcService: string
  /** What it can be sent as. */
  readonly mediaTypes: readonly string[]
  /** What its records are called, for messages. */
  readonly record: { readonly one: string; readonly many: string }
  /** Field of `partial_success` in JSON. */
  readonly rejectedField: string
  transcode(body: Uint8Array, options: TranscodeOptions): Transcoded
}

const { protobuf, json } = mediaTypes
const otlp = { mediaTypes: [protobuf, json] }

/** Every signal that is taken over OTLP. */
export const endpoints: readonly SignalEndpoint[] = [
  { ...otlp, signal: 'traces', path: '/traces', grpcService: 'opentelemetry.proto.collector.trace.v1.TraceService', record: { one: 'span', many: 'spans' }, rejectedField: 'rejectedSpans', transcode: transcodeTraces },
  { ...otlp, signal: 'logs', path: '/logs', grpcService: 'opentelemetry.proto.collector.logs.v1.LogsService', record: { one: 'log record', many: 'log records' }, rejectedField: 'rejectedLogRecords', transcode: transcodeLogs },
  { ...otlp, signal: 'metrics', path: '/metrics', grpcService: 'opentelemetry.proto.collector.metrics.v1.MetricsService', record: { one: 'data point', many: 'data points' }, rejectedField: 'rejectedDataPoints', transcode: transcodeMetrics },
]
