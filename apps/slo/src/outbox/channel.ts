import type { Delivery } from './delivery.ts'

/** A way to somebody: one target of notifications. */
export interface Channel {
  /** Name of the target. */
  readonly target: string
  /** Time that one attempt may take, milliseconds. */
  readonly timeoutMs: number
  /**
   * Sends one message, once. Resolves when the other side has taken it.
   *
   * @throws SloError DELIVERY_FAILED, with `permanent` where another attempt is of no use.
   */
  send(delivery: Delivery, signal: AbortSignal): Promise<void>
}

/** The target that every transition goes to: the history of alerts. */
export const HISTORY = 'history'
