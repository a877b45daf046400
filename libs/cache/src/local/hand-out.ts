import { CacheError } from '../errors.ts'
import { deepFreeze } from './deep-freeze.ts'
import type { LocalLimits } from './local-limits.ts'

/** Makes of a value what a caller gets. */
export type HandOut = <T>(value: T) => T

/** What `local.copies` asks for; `undefined` when callers get the value as it is. */
export function handOut(copies: LocalLimits['copies'], definition: string): HandOut | undefined {
  if (copies === 'shared') return undefined
  return copies === 'frozen' ? deepFreeze : (value) => clone(value, definition)
}

/** @throws {@link CacheError} `VALUE_NOT_CLONEABLE`. */
function clone<T>(value: T, definition: string): T {
  try {
    return structuredClone(value)
  } catch (cause) {
    throw new CacheError('VALUE_NOT_CLONEABLE', `${definition}: local.copies is 'cloned', and a value cannot be cloned; store plain data, or use 'shared' or 'frozen'`, { cause, definition })
  }
}
