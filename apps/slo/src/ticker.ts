import { setTimeout as delay } from 'node:timers/promises'

/** Runs something again and again, one at a time: each start is one interval after the last, or at once when that took longer. */
export class Ticker {
  readonly #closing = new AbortController()
  #running: Promise<void> = Promise.resolve()

  /**
   * @param tick - must not reject.
   * @param delayMs - before the first one, so that replicas that start together do not tick together. @default 0
   */
  start(intervalMs: number, tick: (signal: AbortSignal) => Promise<void>, delayMs = 0): void {
    this.#running = this.#run(intervalMs, tick, delayMs)
  }

  /** Stops: aborts a tick that runs, and waits for its end. */
  async stop(): Promise<void> {
    this.#closing.abort()
    await this.#running
  }

  async #run(intervalMs: number, tick: (signal: AbortSignal) => Promise<void>, delayMs: number): Promise<void> {
    const { signal } = this.#closing
    if (delayMs > 0) await delay(delayMs, undefined, { signal }).catch(() => undefined)
    while (!signal.aborted) {
      const startedAt = performance.now()
      await tick(signal)
      const waitMs = Math.max(0, intervalMs - (performance.now() - startedAt))
      await delay(waitMs, undefined, { signal }).catch(() => undefined)
    }
  }
}
