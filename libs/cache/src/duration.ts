import { parse } from '@lukeed/ms'
import { CacheError } from './errors.ts'

/** A length of time: milliseconds, or text such as `'250ms'`, `'5s'`, `'1m'`, `'2h'`, `'7d'`. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`

/** The longest duration accepted: a year. */
export const MAX_DURATION_MS = 365 * 24 * 60 * 60 * 1000

/**
 * Milliseconds of a duration.
 *
 * @param option - name of the option, for the message.
 * @throws {@link CacheError} `OPTION_INVALID` when it is not a duration between `minMs` and a year.
 */
export function toMilliseconds(option: string, duration: Duration, minMs: number): number {
  const ms = typeof duration === 'number' ? duration : /^\d+(\.\d+)?(ms|s|m|h|d)$/.test(duration) ? parse(duration) : undefined
  if (ms === undefined || !Number.isFinite(ms) || ms < minMs || ms > MAX_DURATION_MS) {
    throw new CacheError('OPTION_INVALID', `${option} is ${JSON.stringify(duration)}; give milliseconds or text such as '5s' or '2m', from ${minMs} ms to 365d`)
  }
  return ms
}
