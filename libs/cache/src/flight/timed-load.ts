import type { Clock } from '../clock.ts'
import { CacheError } from '../errors.ts'
import type { LoadContext } from '../source.ts'

/**
 * Runs a loader under its deadline. What it returns after the deadline is dropped.
 *
 * @throws the loader's own error as it is, or {@link CacheError} `LOAD_TIMEOUT`.
 */
export function timedLoad<T>(run: (context: LoadContext) => T | Promise<T>, reason: LoadContext['reason'], timeoutMs: number, clock: Clock, definition: string, id?: string): Promise<T> {
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
    const call = async (): Promise<T> => run({ signal: abort.signal, reason })
    call().then(resolve, reject).finally(() => timer.cancel()).catch(reject)
  })
}
