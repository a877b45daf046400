import { workStorage } from '../work/current-work.ts'
import { abandonOpenWorks, openWorks } from '../emission/open-works.ts'

const SIGNALS = ['SIGTERM', 'SIGINT'] as const

/** What to do when the process ends. */
export interface ProcessEnd {
  /** Sends everything; then the process may end. */
  readonly shutdown: () => Promise<void>
  /** Sends everything while nothing asynchronous runs any more. */
  readonly deliverNow: () => void
}

/**
 * Ends the units of work that run, and sends everything, however the process ends: by `process.exit`, by an exception that nobody caught, or
 * by SIGTERM or SIGINT. A signal that the service handles itself is left to it. SIGKILL cannot be handled by anyone.
 *
 * @returns how to stop it.
 */
export function onProcessEnd({ shutdown, deliverNow }: ProcessEnd): () => void {
  const onUncaught = (error: Error): void => {
    const current = workStorage.getStore()
    // The work in which it was thrown has failed; the others are cut off.
    for (const work of openWorks.values()) work.abandon('uncaught_exception', work.work === current ? error : undefined)
  }
  const onExit = (): void => {
    abandonOpenWorks('process_exit')
    deliverNow()
  }
  let ending = false
  const onSignal = (signal: NodeJS.Signals): void => {
    if (process.listenerCount(signal) > 1) return
    if (ending) return raise(signal)
    ending = true
    void shutdownThenRaise(signal)
  }
  const shutdownThenRaise = async (signal: NodeJS.Signals): Promise<void> => {
    await shutdown()
    raise(signal)
  }
  // Without a listener of ours, the signal has its usual effect and the exit code that goes with it.
  const raise = (signal: NodeJS.Signals): void => {
    process.removeListener(signal, onSignal)
    process.kill(process.pid, signal)
  }
  process.on('uncaughtExceptionMonitor', onUncaught)
  process.on('exit', onExit)
  for (const signal of SIGNALS) process.on(signal, onSignal)
  return () => {
    process.removeListener('uncaughtExceptionMonitor', onUncaught)
    process.removeListener('exit', onExit)
    if (!ending) for (const signal of SIGNALS) process.removeListener(signal, onSignal)
  }
}
