import type { AlertState } from '../alert/alert-state.ts'
import type { Acknowledgement, Silence } from '../alert/silence.ts'
import type { DeadLetter, Delivery, Told } from './delivery.ts'

/** What all replicas know of alerts and deliveries. */
export interface AlertSnapshot {
  /** The token of the last leader, 0 for none. */
  readonly token: number
  /** By the key of the alert. */
  readonly states: ReadonlyMap<string, AlertState>
  /** By id. */
  readonly deliveries: ReadonlyMap<string, Delivery>
  /** By target and key, see `toldKey`. */
  readonly told: ReadonlyMap<string, Told>
}

/** What people said about alerts: any replica may write it. */
export interface Remarks {
  /** By the id of the alert. */
  readonly acknowledgements: ReadonlyMap<string, Acknowledgement>
  /** By id. */
  readonly silences: ReadonlyMap<string, Silence>
}

/** A step of the leader: all of it is stored, or nothing. */
export interface AlertChange {
  readonly states?: ReadonlyMap<string, AlertState>
  /** Deliveries that are new or were tried. */
  readonly queued?: readonly Delivery[]
  /** Ids of deliveries that arrived or are not needed any more. */
  readonly finished?: readonly string[]
  readonly told?: ReadonlyMap<string, Told>
  readonly dead?: readonly DeadLetter[]
}

/** Where alerts and their outbox live. */
export interface AlertStore {
  /** Whether what was committed outlives this process. */
  readonly durable: boolean
  /** What was committed last; `undefined` when the store is empty. */
  load(): Promise<AlertSnapshot | undefined>
  /**
   * Stores a step under a fencing token.
   *
   * @throws SloError STALE_LEADER when another leader was elected since: nothing is stored then.
   */
  commit(token: number, change: AlertChange): Promise<void>
  remarks(): Promise<Remarks>
  acknowledge(alertId: string, acknowledgement: Acknowledgement): Promise<void>
  /** Adds a silence, or replaces it. */
  silence(silence: Silence): Promise<void>
  /** Deliveries that were given up, newest first. */
  deadLetters(): Promise<readonly DeadLetter[]>
}
