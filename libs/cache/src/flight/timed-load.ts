import type { Clock } from '../clock.ts'
import { CacheError } from '../errors.ts'
import type { LazyAbort } from './lazy-abort.ts'

/**
 * Runs a loader under its deadline. What it returns after the deadline is dropped.
 *
 * @throws the loader's own error as it is, or {@link CacheError} `LOAD_TIMEOUT`.
 */
export function timedLoad<T>(run: () => T | Promise<T>, abort: LazyAbort, timeoutMs: number, clock: Clock, definition: string, id?: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimer(() => {
      const error = new CacheError('LOAD_TIMEOUT', `${definition}: the load took longer than ${timeoutMs} ms; make it faster, let it obey its signal, or raise loadTimeout`, {
        definition,
        ...(id !== undefined && { id }),
      })
      reject(error)
      abort.abort(error)
    }, timeoutMs)
    const failed = (error: unknown): void => {
      timer.cancel()
      // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- what a loader throws is passed on as it is
      reject(error)
    }
    try {
      Promise.resolve(run()).then((value) => {
        timer.cancel()
        resolve(value)
      }, failed)
    } catch (error) {
      failed(error)
    }
  })
}
