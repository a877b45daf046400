import { isThenable } from './thenable.ts'

/**
 * Runs a function and tells how long it took, also when it throws; a promise is timed until it settles. The result or error is passed on.
 *
 * @param report - `error` holds what was thrown, which may be `undefined`.
 */
export function timed<T>(now: () => number, fn: () => T, report: (durationMs: number, error?: { readonly thrown: unknown }) => void): T {
  const startedAt = now()
  const fail = (thrown: unknown): never => {
    report(now() - startedAt, { thrown })
    throw thrown
  }
  let result: T
  try {
    result = fn()
  } catch (error) {
    return fail(error)
  }
  if (!isThenable(result)) {
    report(now() - startedAt)
    return result
  }
  return Promise.resolve(result).then((value: unknown) => {
    report(now() - startedAt)
    return value
  }, fail) as T
}
