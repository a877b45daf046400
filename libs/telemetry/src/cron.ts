import { ROOT_CONTEXT } from '@opentelemetry/api'
import type { UnitOfWorkOptions } from './work/options.ts'
import { unitOfWork } from './work/unit-of-work.ts'
import type { Work } from './work/work.ts'

/** Options of {@link cronTask}. */
export interface CronTaskOptions extends Pick<UnitOfWorkOptions, 'limits' | 'redactNames' | 'fields'> {
  /** The schedule, for people: `cron.schedule`. */
  readonly schedule?: string
  /** Called with what a run throws, so that a scheduler that does not expect it goes on. @default it is passed on */
  readonly onError?: (error: unknown) => void
}

/**
 * Wraps a task that runs by a schedule: each run is a unit of work with a trace of its own. A run that begins while the one before still
 * works is left out and leaves an event with the outcome `rejected`. Fits any scheduler that calls a function.
 */
export function cronTask(name: string, task: (work: Work) => unknown, options: CronTaskOptions = {}): () => Promise<void> {
  const { schedule, onError, fields, ...rest } = options
  const runOptions: UnitOfWorkOptions = { ...rest, fields: { ...fields, 'cron.schedule': schedule }, parent: ROOT_CONTEXT }
  let running = false
  return async () => {
    if (running) {
      return unitOfWork(name, runOptions, (work) => {
        work.set('cron.skipped', 'still_running')
        work.outcome('rejected')
      })
    }
    running = true
    try {
      await unitOfWork(name, runOptions, async (work) => void (await task(work)))
    } catch (error) {
      if (onError === undefined) throw error
      onError(error)
    } finally {
      running = false
    }
  }
}
