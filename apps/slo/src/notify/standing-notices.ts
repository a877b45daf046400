import type { AlertState } from '../alert/alert-state.ts'
import type { Alertmanager } from './alertmanager.ts'
import type { Heartbeat } from './heartbeat.ts'

/** What is told again and again rather than once: the alerts of Alertmanager, and that this engine lives. */
export class StandingNotices {
  readonly #alertmanagers: readonly Alertmanager[]
  readonly #heartbeat: Heartbeat | undefined
  readonly #closing = new AbortController()
  #running: Promise<unknown> | undefined

  constructor(alertmanagers: readonly Alertmanager[], heartbeat: Heartbeat | undefined) {
    this.#alertmanagers = alertmanagers
    this.#heartbeat = heartbeat
  }

  /**
   * Tells what is to be told; in the background, so that a receiver that hangs holds up no tick, and one round at a time.
   *
   * @param measured - whether this tick could measure: without, the heartbeat stays out.
   */
  tell(states: Iterable<AlertState>, measured: boolean, nowMs: number): void {
    if (this.#running !== undefined || this.#closing.signal.aborted) return
    const { signal } = this.#closing
    const now = [...states]
    const rounds = this.#alertmanagers.map((alertmanager) => alertmanager.push(now, nowMs, signal))
    if (measured && this.#heartbeat !== undefined) rounds.push(this.#heartbeat.beat(nowMs, signal))
    this.#running = Promise.all(rounds).finally(() => {
      this.#running = undefined
    })
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#running
  }
}
