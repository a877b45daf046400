import type { RequestKind } from './request-mix.ts'

/** How a request ended, as a customer sees it. */
export type Answer = '2xx' | '3xx' | '4xx' | '5xx' | 'timeout' | 'failed'

/** What `/stats` shows. */
export interface TrafficSnapshot {
  readonly sent: Readonly<Record<RequestKind, number>>
  readonly answers: Readonly<Record<Answer, number>>
  /** Not sent because too many were under way. */
  readonly skipped: number
  readonly inFlight: number
  /** Whether all the requests that were asked for are sent and answered; never for endless traffic. */
  readonly finished: boolean
}

/** Counts what was sent and what came back. */
export class TrafficStats {
  readonly sent: Record<RequestKind, number> = { view: 0, unknown: 0, order: 0 }
  readonly answers: Record<Answer, number> = { '2xx': 0, '3xx': 0, '4xx': 0, '5xx': 0, timeout: 0, failed: 0 }
  skipped = 0
  inFlight = 0

  get totalSent(): number {
    return this.sent.view + this.sent.unknown + this.sent.order
  }

  /** @param requests - how many there are to be; 0 is endless. */
  snapshot(requests: number): TrafficSnapshot {
    const { sent, answers, skipped, inFlight } = this
    return { sent: { ...sent }, answers: { ...answers }, skipped, inFlight, finished: requests > 0 && this.totalSent >= requests && inFlight === 0 }
  }
}
