import type { Logger } from '@ballast/service'
import type { Channel } from '../outbox/channel.ts'
import type { Delivery } from '../outbox/delivery.ts'
import { headline } from './message-text.ts'

/** Where no other target is configured, alerts are lines of the log. */
export class LogChannel implements Channel {
  readonly target = 'log'
  readonly timeoutMs = 1000
  readonly #log: Logger

  constructor(log: Logger) {
    this.#log = log
  }

  send({ notice }: Delivery): Promise<void> {
    this.#log.warn({ alert: notice.data }, headline(notice))
    return Promise.resolve()
  }
}
