import type { Logger } from '@ballast/service'
import type { Notifier } from '../alert/alert-book.ts'
import type { AlertNotice } from '../alert/alert.ts'

/** Without a webhook, alerts are lines of the log. */
export class LogNotifier implements Notifier {
  readonly #log: Logger

  constructor(log: Logger) {
    this.#log = log
  }

  deliver(notice: AlertNotice): Promise<void> {
    this.#log.warn({ alert: notice.data }, `${notice.data.objective}: ${notice.data.severity} alert ${notice.state}`)
    return Promise.resolve()
  }
}
