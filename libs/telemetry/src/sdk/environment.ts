import { parseKeyPairsIntoRecord } from '@opentelemetry/core'
import { TelemetryError } from '../errors.ts'
import { telemetryDefaults, type TelemetryOptions } from './options.ts'

/** Where telemetry goes and whose it is, after the standard variables had their say. */
export interface Destination {
  readonly disabled: boolean
  readonly service: string
  readonly tracesUrl: string
  readonly logsUrl: string
  readonly metricsUrl: string
  readonly headers: Record<string, string>
  readonly resource: Record<string, string>
}

/**
 * Applies the standard `OTEL_*` variables of `options.env` over the options.
 *
 * @throws {@link TelemetryError} `OPTION_INVALID`.
 */
export function resolveDestination(options: TelemetryOptions): Destination {
  const env = options.env ?? {}
  const variable = (name: string): string | undefined => env[name]?.trim() || undefined
  const base = variable('OTEL_EXPORTER_OTLP_ENDPOINT') ?? options.endpoint ?? telemetryDefaults.endpoint
  const service = variable('OTEL_SERVICE_NAME') ?? options.service
  if (service === '') throw new TelemetryError('OPTION_INVALID', 'service is empty; give the name of the service')
  return {
    disabled: variable('OTEL_SDK_DISABLED')?.toLowerCase() === 'true',
    service,
    tracesUrl: variable('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT') ?? signalUrl(base, 'v1/traces'),
    logsUrl: variable('OTEL_EXPORTER_OTLP_LOGS_ENDPOINT') ?? signalUrl(base, 'v1/logs'),
    metricsUrl: variable('OTEL_EXPORTER_OTLP_METRICS_ENDPOINT') ?? signalUrl(base, 'v1/metrics'),
    headers: { ...options.headers, ...parseKeyPairsIntoRecord(variable('OTEL_EXPORTER_OTLP_HEADERS')) },
    resource: {
      ...options.resource,
      ...(options.version !== undefined && { 'service.version': options.version }),
      ...(options.environment !== undefined && { 'deployment.environment.name': options.environment }),
      ...parseKeyPairsIntoRecord(variable('OTEL_RESOURCE_ATTRIBUTES')),
    },
  }
}

function signalUrl(base: string, path: string): string {
  if (!URL.canParse(base) || !/^https?:/.test(base)) {
    throw new TelemetryError('OPTION_INVALID', 'endpoint is not a URL that starts with http:// or https:// (OTEL_EXPORTER_OTLP_ENDPOINT or the option endpoint; its value is not shown)')
  }
  const url = new URL(base)
  url.pathname = `${url.pathname.replace(/\/$/, '')}/${path}`
  return url.href
}
