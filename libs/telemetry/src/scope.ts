import { type Logger, type LoggerProvider, logs, trace, type Tracer } from '@opentelemetry/api'

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

/** The tracer of the provider that is registered now. */
export function workTracer(): Tracer {
  return trace.getTracer(scopeName, scopeVersion)
}
