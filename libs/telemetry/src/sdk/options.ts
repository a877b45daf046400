import { parse as parseMs } from '@lukeed/ms'
import type { LogRecordExporter } from '@opentelemetry/sdk-logs'
import type { MetricProducer } from '@opentelemetry/sdk-metrics'
import type { SpanExporter } from '@opentelemetry/sdk-trace'
import { floodDefaults, type FloodOptions } from '../emission/flood-control.ts'
import { heartbeatDefaultMs } from '../emission/heartbeats.ts'
import { samplingDefaults, type SamplingOptions } from '../emission/sampling.ts'
import { TelemetryError } from '../errors.ts'

/** Options of `startTelemetry`. */
export interface TelemetryOptions {
  /** `service.name`. */
  readonly service: string
  /** `service.version`. @default none */
  readonly version?: string
  /** `deployment.environment.name`. @default none */
  readonly environment?: string
  /** Base URL of an OTLP/HTTP receiver; `/v1/traces` and `/v1/logs` are added. @default 'http://127.0.0.1:4318' */
  readonly endpoint?: string
  /** Sent with every export, e.g. an API key. @default none */
  readonly headers?: Readonly<Record<string, string>>
  /** More attributes of the resource. @default none */
  readonly resource?: Readonly<Record<string, string>>
  /** Environment whose standard `OTEL_*` variables win over the options above; pass `process.env` to have them. @default none is read */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Longest time a span or event waits for its batch: milliseconds or `'1s'`. @default '1s' */
  readonly exportDelay?: number | string
  /** Deadline of one export, retries included. @default '10s' */
  readonly exportTimeout?: number | string
  /** Most spans, and most events, that wait; then the oldest is dropped and counted. @default 4096 */
  readonly maxQueueSize?: number
  /** Most spans or events in one export. @default 512 */
  readonly maxBatchSize?: number
  /** Deadline of `shutdown`; what could not be sent by then is lost. @default '5s' */
  readonly shutdownTimeout?: number | string
  /** Whether outgoing `fetch` is traced and timed. @default true */
  readonly fetch?: boolean
  /** Names of the timers of other services, by origin. @default the host */
  readonly dependencies?: Readonly<Record<string, string>>
  /** Which ordinary units of work are kept. @default all */
  readonly sampling?: SamplingOptions
  /** Limits on failures that come in floods; `false` for none. @default 100 a second and 2000 at once, for each kind of failure */
  readonly floods?: FloodOptions | false
  /** Time between two heartbeat events of work that still runs; `false` for none. @default '1m' */
  readonly heartbeat?: number | string | false
  /** Whether units of work that run are ended, and all is sent, when the process exits, is asked to stop by a signal, or crashes. @default true */
  readonly exit?: boolean
  /**
   * Whether metrics are sent over OTLP as well, to `/v1/metrics`, by a meter provider of its own. A process that has a meter
   * provider gives one of its readers instead, or anything that collects. @default false
   */
  readonly metrics?: boolean | MetricProducer
  /** Time between two exports of metrics: milliseconds or `'1m'`. @default '1m' */
  readonly metricInterval?: number | string
  /** Where spans and events go instead of OTLP. @default OTLP/HTTP protobuf */
  readonly exporters?: { readonly spans: SpanExporter; readonly events: LogRecordExporter }
}

/** Defaults of {@link TelemetryOptions}. */
export const telemetryDefaults = {
  endpoint: 'http://127.0.0.1:4318',
  /** milliseconds */
  exportDelay: 1_000,
  /** milliseconds */
  exportTimeout: 10_000,
  /** spans, and events */
  maxQueueSize: 4_096,
  /** spans or events */
  maxBatchSize: 512,
  /** milliseconds */
  shutdownTimeout: 5_000,
  sampling: samplingDefaults,
  floods: floodDefaults,
  /** milliseconds */
  heartbeat: heartbeatDefaultMs,
  exit: true,
  metrics: false,
  /** milliseconds */
  metricInterval: 60_000,
} as const

/** Durations and sizes of {@link TelemetryOptions}, checked. */
export interface ResolvedDelivery {
  readonly exportDelayMs: number
  readonly exportTimeoutMs: number
  readonly shutdownTimeoutMs: number
  readonly metricIntervalMs: number
  readonly maxQueueSize: number
  readonly maxBatchSize: number
  /** `undefined` for no heartbeats. */
  readonly heartbeatMs: number | undefined
}

/** @throws {@link TelemetryError} `OPTION_INVALID`. */
export function resolveDelivery(options: TelemetryOptions): ResolvedDelivery {
  const maxQueueSize = count('maxQueueSize', options.maxQueueSize ?? telemetryDefaults.maxQueueSize)
  const maxBatchSize = count('maxBatchSize', options.maxBatchSize ?? Math.min(telemetryDefaults.maxBatchSize, maxQueueSize))
  if (maxBatchSize > maxQueueSize) {
    throw new TelemetryError('OPTION_INVALID', `maxBatchSize is ${maxBatchSize}, above maxQueueSize ${maxQueueSize}; a batch cannot be larger than the queue`)
  }
  positive('sampling.oneIn', options.sampling?.oneIn, true)
  positive('sampling.slowMs', options.sampling?.slowMs, false)
  if (options.floods !== false) {
    positive('floods.perSecond', options.floods?.perSecond, false)
    positive('floods.burst', options.floods?.burst, true)
  }
  return {
    exportDelayMs: milliseconds('exportDelay', options.exportDelay ?? telemetryDefaults.exportDelay),
    exportTimeoutMs: milliseconds('exportTimeout', options.exportTimeout ?? telemetryDefaults.exportTimeout),
    shutdownTimeoutMs: milliseconds('shutdownTimeout', options.shutdownTimeout ?? telemetryDefaults.shutdownTimeout),
    metricIntervalMs: milliseconds('metricInterval', options.metricInterval ?? telemetryDefaults.metricInterval),
    maxQueueSize,
    maxBatchSize,
    heartbeatMs: options.heartbeat === false ? undefined : milliseconds('heartbeat', options.heartbeat ?? telemetryDefaults.heartbeat),
  }
}

function positive(option: string, value: number | undefined, whole: boolean): void {
  if (value === undefined) return
  if (!(value > 0 && value <= 1_000_000_000) || (whole && !Number.isInteger(value))) {
    throw new TelemetryError('OPTION_INVALID', `${option} is ${value}; give a ${whole ? 'whole number from 1' : 'number above 0'} to 1000000000`)
  }
}

function milliseconds(option: string, value: number | string): number {
  const ms = typeof value === 'number' ? value : parseMs(value)
  if (ms === undefined || !(ms >= 1 && ms <= 3_600_000)) {
    throw new TelemetryError('OPTION_INVALID', `${option} is ${JSON.stringify(value)}; give milliseconds or a duration such as '1s', from 1 ms to 1 h`)
  }
  return ms
}

function count(option: string, value: number): number {
  if (!Number.isInteger(value) || value < 1 || value > 1_000_000) throw new TelemetryError('OPTION_INVALID', `${option} is ${value}; give a whole number from 1 to 1000000`)
  return value
}
