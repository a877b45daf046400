import { transcodeLogs, transcodeMetrics, type Transcoded, type TranscodeOptions, transcodeTraces } from '@ballast/otlp'

/** What a request carries. */
export type Signal = 'traces' | 'logs' | 'metrics'

/** How one signal is taken. */
export interface SignalEndpoint {
  readonly signal: Signal
  /** Under `/v1`. */
  readonly path: string
  /** What its records are called, for messages. */
  readonly record: { readonly one: string; readonly many: string }
  /** Field of `partial_success` in JSON. */
  readonly rejectedField: string
  transcode(body: Uint8Array, options: TranscodeOptions): Transcoded
}

/** Every signal that is taken. */
export const endpoints: readonly SignalEndpoint[] = [
  { signal: 'traces', path: '/traces', record: { one: 'span', many: 'spans' }, rejectedField: 'rejectedSpans', transcode: transcodeTraces },
  { signal: 'logs', path: '/logs', record: { one: 'log record', many: 'log records' }, rejectedField: 'rejectedLogRecords', transcode: transcodeLogs },
  { signal: 'metrics', path: '/metrics', record: { one: 'data point', many: 'data points' }, rejectedField: 'rejectedDataPoints', transcode: transcodeMetrics },
]
