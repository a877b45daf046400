import { type Route, routeOf } from '../notify/route.ts'
import { HISTORY } from '../outbox/channel.ts'
import { type Delivery, toldKey } from '../outbox/delivery.ts'
import type { Ledger } from '../outbox/ledger.ts'
import { alertKey, alertKinds, alertLabels } from './alert.ts'
import { silenceOf } from './silence.ts'

export interface HoldBackOptions {
  readonly ledger: Ledger
  readonly routes: readonly Route[]
  /** Whether deliveries outlive this process. */
  readonly durable: boolean
}

/** Why somebody is not told of an alert, or not yet. Ends are never held back: who was told of a beginning hears of the end. */
export class HoldBack {
  readonly #options: HoldBackOptions

  constructor(options: HoldBackOptions) {
    this.#options = options
  }

  /** `undefined` when the delivery may go out now. */
  reason(delivery: Delivery, nowMs: number): 'unsettled' | 'acknowledged' | 'silenced' | 'inhibited' | 'throttled' | undefined {
    const { ledger, durable, routes } = this.#options
    const { notice, target, key, escalation } = delivery
    if (target === HISTORY) return !durable && this.#isUnsettled(delivery, nowMs) ? 'unsettled' : undefined
    if (notice.state === 'resolved') return undefined
    const labels = alertLabels(notice.data)
    const { acknowledgements, silences } = ledger.remarks
    if (escalation && acknowledgements.has(notice.alert.id)) return 'acknowledged'
    if (silenceOf(silences.values(), labels, nowMs) !== undefined) return 'silenced'
    if (notice.alert.severity === 'ticket' && this.#isPaged(notice.alert.objective)) return 'inhibited'
    const told = ledger.told.get(toldKey(key, target))
    const { throttleMs } = routeOf(routes, labels)
    return told !== undefined && told.alertId !== notice.alert.id && nowMs - told.atMs < throttleMs ? 'throttled' : undefined
  }

  /** Without a durable outbox the history is written last: what is in it is not sent again after a restart. */
  #isUnsettled({ notice, id, key }: Delivery, nowMs: number): boolean {
    for (const other of this.#options.ledger.deliveriesOf(key)) {
      if (other.id !== id && other.notice.alert.id === notice.alert.id && other.notice.state === notice.state && this.reason(other, nowMs) === undefined) return true
    }
    return false
  }

  /** Who is paged for an objective needs no ticket about it. */
  #isPaged(objective: string): boolean {
    return alertKinds.some((kind) => this.#options.ledger.states.get(alertKey({ kind, severity: 'page', objective }))?.kind === 'firing')
  }
}
