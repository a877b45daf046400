import { CacheError } from './errors.ts'

/** A misspelt option must not be ignored. @throws {@link CacheError} `OPTION_INVALID`. */
export function refuseUnknown(given: readonly string[], known: readonly string[], prefix: string): void {
  const unknown = given.find((name) => !known.includes(name))
  if (unknown !== undefined) throw new CacheError('OPTION_INVALID', `there is no option ${prefix}${unknown}; there are ${known.map((name) => prefix + name).join(', ')}`)
}

/** @throws {@link CacheError} `OPTION_INVALID` when it is not a whole number from 1 to 10 million. */
export function toCount(option: string, count: number): number {
  if (!Number.isInteger(count) || count < 1 || count > 10_000_000) throw new CacheError('OPTION_INVALID', `${option} is ${count}; give a whole number from 1 to 10000000`)
  return count
}
