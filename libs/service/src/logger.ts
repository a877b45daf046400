import { type DestinationStream, type Logger, pino } from 'pino'

export type { Logger } from 'pino'

/** Levels a log may be set to, most to least verbose. */
export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]

/** Paths that are replaced before a line is written: secrets never reach a log. */
const REDACTED = ['password', 'secret', 'token', 'authorization', '*.password', '*.secret', '*.token', '*.authorization', 'headers["x-api-key"]']

/**
 * The app's logger: one JSON object a line on stdout, with `service`, ISO time and level names.
 *
 * @param destination - where lines go; stdout by default, a stream in tests.
 */
export function createLogger(service: string, level: LogLevel, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: { service },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: REDACTED, censor: '[redacted]' },
  }
  return destination === undefined ? pino(options) : pino(options, destination)
}
