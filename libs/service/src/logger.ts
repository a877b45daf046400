import { type DestinationStream, type Logger, type LoggerOptions, pino } from 'pino'

export type { Logger } from 'pino'

/** Levels a log may be set to, most to least verbose. */
export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]

/** What a log passes through on its way out, e.g. `workLogs` of `@ballast/telemetry/pino`. */
export interface LogPipe {
  /** Level and additions of the logger that writes into it. */
  readonly options: Pick<LoggerOptions, 'level' | 'mixin'>
  readonly stream: DestinationStream
}

/** Paths that are replaced before a line is written: secrets never reach a log. */
const REDACTED = ['password', 'secret', 'token', 'authorization', '*.password', '*.secret', '*.token', '*.authorization', 'headers["x-api-key"]']

/**
 * The app's logger: one JSON object a line on stdout, with `service`, ISO time and level names.
 *
 * @param destination - where lines go; stdout by default, a stream in tests.
 * @param pipe - made with the level and the destination; it decides then which lines go out.
 */
export function createLogger(service: string, level: LogLevel, destination?: DestinationStream, pipe?: (level: LogLevel, destination: DestinationStream) => LogPipe): Logger {
  const options = {
    level,
    base: { service },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: REDACTED, censor: '[redacted]' },
  }
  if (pipe === undefined) return destination === undefined ? pino(options) : pino(options, destination)
  const { options: piped, stream } = pipe(level, destination ?? pino.destination({ fd: 1, sync: true }))
  return pino({ ...options, ...piped }, stream)
}
