import { createHash } from 'node:crypto'
import type { AlertNotice } from '../alert/alert.ts'
import { alertKey } from '../alert/alert.ts'

/** A notice on its way to one target: kept until it arrived or was given up. */
export interface Delivery {
  /** The same for the same transition and target, whoever makes it: what receivers drop repetitions by. */
  readonly id: string
  /** Of the alert. Deliveries of one key to one target go out one after another, in order of `sequence`. */
  readonly key: string
  readonly target: string
  readonly notice: AlertNotice
  /** Whether it goes to this target because nobody acknowledged the alert. */
  readonly escalation: boolean
  readonly sequence: number
  readonly queuedAtMs: number
  readonly attempts: number
  /** Not tried before this, milliseconds since the epoch. */
  readonly notBeforeMs: number
}

/** A delivery that was given up. */
export interface DeadLetter {
  readonly delivery: Delivery
  readonly reason: string
  readonly atMs: number
}

/** Which alert a target was last told to fire, and when. */
export interface Told {
  readonly alertId: string
  readonly atMs: number
}

/** A new delivery; the sequence is the time of the transition, and a beginning comes before its end. */
export function newDelivery(notice: AlertNotice, target: string, nowMs: number, escalation = false): Delivery {
  const key = alertKey(notice.alert)
  return { id: deliveryId(notice, target), key, target, notice, escalation, sequence: notice.atMs, queuedAtMs: nowMs, attempts: 0, notBeforeMs: nowMs }
}

/** The id of a delivery: of the alert, what happened to it, and whom it goes to. */
export function deliveryId({ alert, state }: AlertNotice, target: string): string {
  return createHash('sha256').update(JSON.stringify([alert.id, state, target])).digest('hex').slice(0, 32)
}

/** What a target was told is kept by this. */
export function toldKey(key: string, target: string): string {
  return `${target} ${key}`
}
