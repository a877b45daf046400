import { CacheError } from '../errors.ts'
import type { LazyAbort } from './lazy-abort.ts'
import type { LoadDeadlines } from './load-deadlines.ts'

/**
 * Runs a loader under its deadline. What it returns after the deadline is dropped.
 *
 * @throws the loader's own error as it is, or {@link CacheError} `LOAD_TIMEOUT`.
 */
export function timedLoad<T>(run: () => T | Promise<T>, abort: LazyAbort, timeoutMs: number, deadlines: LoadDeadlines, definition: string, id?: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const deadline = deadlines.start(timeoutMs, () => {
      const error = new CacheError('LOAD_TIMEOUT', `${definition}: the load took longer than ${timeoutMs} ms; make it faster, let it obey its signal, or raise loadTimeout`, {
        definition,
        ...(id !== undefined && { id }),
      })
      reject(error)
      abort.abort(error)
    })
    const failed = (error: unknown): void => {
      deadline.end()
      // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- what a loader throws is passed on as it is
      reject(error)
    }
    try {
      Promise.resolve(run()).then((value) => {
        deadline.end()
        resolve(value)
      }, failed)
    } catch (error) {
      failed(error)
    }
  })
}
