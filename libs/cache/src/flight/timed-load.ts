import type { Clock } from '../clock.ts'
import { CacheError } from '../errors.ts'

/**
 * Runs a loader under its deadline. What it returns after the deadline is dropped.
 *
 * @throws the loader's own error as it is, or {@link CacheError} `LOAD_TIMEOUT`.
 */
export function timedLoad<T>(run: (signal: AbortSignal) => T | Promise<T>, timeoutMs: number, clock: Clock, definition: string, id?: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = new AbortController()
    const timer = clock.setTimer(() => {
      const error = new CacheError('LOAD_TIMEOUT', `${definition}: the load took longer than ${timeoutMs} ms; make it faster, let it obey its signal, or raise loadTimeout`, {
        definition,
        ...(id !== undefined && { id }),
      })
      reject(error)
      abort.abort(error)
    }, timeoutMs)
    const call = async (): Promise<T> => run(abort.signal)
    call().then(resolve, reject).finally(() => timer.cancel()).catch(reject)
  })
}
