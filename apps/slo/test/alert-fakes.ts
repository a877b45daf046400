import type { AlertLog } from '../src/alert/alert-log.ts'
import type { Notifier } from '../src/alert/alert-book.ts'
import type { AlertNotice } from '../src/alert/alert.ts'
import type { Counts } from '../src/burn/burn-rate.ts'
import { type Evaluation, evaluate } from '../src/objective/evaluation.ts'
import type { Objective } from '../src/objective/objective.ts'

/** A log in memory; `failing` makes it refuse. The real one is tested on ClickHouse. */
export class ListLog implements AlertLog {
  readonly notices: AlertNotice[] = []
  failing = false

  append(notice: AlertNotice): Promise<void> {
    if (this.failing) return Promise.reject(new Error('the log is away'))
    this.notices.push(notice)
    return Promise.resolve()
  }

  latest(): Promise<readonly AlertNotice[]> {
    if (this.failing) return Promise.reject(new Error('the log is away'))
    const last = new Map(this.notices.map((notice) => [`${notice.alert.objective} ${notice.alert.severity}`, notice]))
    return Promise.resolve([...last.values()])
  }
}

/** Keeps what it is given; `failing` makes it refuse. The real one is tested on a web server. */
export class ListNotifier implements Notifier {
  readonly delivered: AlertNotice[] = []
  failing = false

  deliver(notice: AlertNotice): Promise<void> {
    if (this.failing) return Promise.reject(new Error('the receiver is away'))
    this.delivered.push(notice)
    return Promise.resolve()
  }

  get summary(): string[] {
    return this.delivered.map(({ state, alert }) => `${state} ${alert.severity} ${alert.objective}`)
  }
}

/** An evaluation in which every window has the same counts. */
export function evaluation(objective: Objective, counts: Counts): Evaluation {
  return evaluate(objective, () => counts)
}

/** Lets everything run that waits for nothing but promises. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
