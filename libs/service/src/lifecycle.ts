import { ServiceError } from './errors.ts'
import type { Logger } from './logger.ts'

/** Releases one resource. `signal` aborts when the shutdown deadline has passed. */
export type ShutdownStep = (signal: AbortSignal) => unknown

/**
 * What was started, so that it can be stopped: steps run one after another, last started first,
 * all of them within one deadline. A step that fails or hangs does not keep the others from running.
 */
export class Lifecycle {
  readonly #steps: { readonly name: string; readonly step: ShutdownStep }[] = []
  readonly #log: Logger
  readonly #deadlineMs: number
  #stopped: Promise<boolean> | undefined

  /** @param deadlineMs - time for the whole shutdown, milliseconds. */
  constructor(log: Logger, deadlineMs: number) {
    this.#log = log
    this.#deadlineMs = deadlineMs
  }

  /** Registers how to stop what was just started. */
  onShutdown(name: string, step: ShutdownStep): void {
    this.#steps.push({ name, step })
  }

  /** Stops everything, once; later calls return the first one's promise. Resolves to whether every step succeeded in time. */
  shutdown(): Promise<boolean> {
    this.#stopped ??= this.#run()
    return this.#stopped
  }

  async #run(): Promise<boolean> {
    const deadline = new AbortController()
    const timer = setTimeout(() => deadline.abort(), this.#deadlineMs)
    let clean = true
    for (const { name, step } of this.#steps.toReversed()) {
      try {
        await Promise.race([Promise.resolve().then(() => step(deadline.signal)), passed(deadline.signal, name)])
      } catch (error) {
        clean = false
        this.#log.error({ err: error, step: name }, `could not stop ${name}`)
      }
    }
    clearTimeout(timer)
    return clean
  }
}

function passed(signal: AbortSignal, name: string): Promise<never> {
  return new Promise((_, reject) => {
    const fail = (): void => reject(new ServiceError('SHUTDOWN_DEADLINE', `the shutdown deadline passed while stopping ${name}`))
    // Past the deadline the remaining steps still get one turn of the event loop each: enough for a socket's destroy().
    if (signal.aborted) setImmediate(fail)
    else signal.addEventListener('abort', fail, { once: true })
  })
}
