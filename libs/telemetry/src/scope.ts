import { type Logger, type LoggerProvider, logs, ProxyTracerProvider, trace, type Tracer, type TracerProvider } from '@opentelemetry/api'

/** Name of the instrumentation scope of every span and event of this package. */
export const scopeName = '@ballast/telemetry'
/** Version of the instrumentation scope. */
export const scopeVersion = '0.1.0'

let provider: LoggerProvider | undefined
let logger: Logger | undefined

/** The logger of the provider that is registered now; made once per provider, because making one may be expensive. */
export function eventLogger(): Logger {
  const current = logs.getLoggerProvider()
  if (logger === undefined || current !== provider) {
    provider = current
    logger = current.getLogger(scopeName, scopeVersion)
  }
  return logger
}

let tracers: TracerProvider | undefined
let tracer: Tracer | undefined

/** The tracer of the provider that is registered now; made once per provider, as the logger. */
export function workTracer(): Tracer {
  const registered = trace.getTracerProvider()
  const current = registered instanceof ProxyTracerProvider ? registered.getDelegate() : registered
  if (tracer === undefined || current !== tracers) {
    tracers = current
    tracer = current.getTracer(scopeName, scopeVersion)
  }
  return tracer
}
