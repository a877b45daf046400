import type { UnitOfWorkOptions } from './options.ts'
import { RunningWork } from './running-work.ts'
import { isThenable } from './thenable.ts'
import type { Work } from './work.ts'

/**
 * Runs a function as one unit of work: a request, a job, a message. A span is open around it, `currentWork()` is its event while it runs,
 * and one event is emitted when it has returned, resolved, thrown or rejected. What it returns or throws is passed on.
 *
 * @param name - name of the event and the span; of few different values, e.g. `invoice.send`.
 */
export function unitOfWork<T>(name: string, fn: (work: Work) => T): T
export function unitOfWork<T>(name: string, options: UnitOfWorkOptions, fn: (work: Work) => T): T
export function unitOfWork<T>(name: string, optionsOrFn: UnitOfWorkOptions | ((work: Work) => T), maybeFn?: (work: Work) => T): T {
  const [options, fn] = typeof optionsOrFn === 'function' ? [{}, optionsOrFn] : [optionsOrFn, maybeFn!]
  const running = new RunningWork(name, options)
  let result: T
  try {
    result = running.run(fn)
  } catch (error) {
    running.endWith(error)
    throw error
  }
  if (!isThenable(result)) {
    running.end()
    return result
  }
  return Promise.resolve(result).then(
    (value: unknown) => {
      running.end()
      return value
    },
    (error: unknown) => {
      running.endWith(error)
      throw error
    },
  ) as T
}
