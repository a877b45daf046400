import { AsyncLocalStorage } from 'node:async_hooks'
import { inertWork, type Work } from './work.ts'

/** Where the running unit of work is kept; independent of OpenTelemetry's context, so it also works without an SDK. */
export const workStorage = new AsyncLocalStorage<Work>()

/** The unit of work that runs now. Outside one, or when nothing listens, an inert one whose methods do nothing. */
export function currentWork(): Work {
  return workStorage.getStore() ?? inertWork
}
