import type { AlertLog } from '../alert/alert-log.ts'
import { type Channel, HISTORY } from '../outbox/channel.ts'
import type { Delivery } from '../outbox/delivery.ts'

/** The history of alerts, as a target: what is in it was committed before, and comes once however often it is written. */
export class HistoryChannel implements Channel {
  readonly target = HISTORY
  readonly timeoutMs: number
  readonly #history: AlertLog

  constructor(history: AlertLog, timeoutMs: number) {
    this.#history = history
    this.timeoutMs = timeoutMs
  }

  send({ notice }: Delivery, signal: AbortSignal): Promise<void> {
    return this.#history.append(notice, signal)
  }
}
