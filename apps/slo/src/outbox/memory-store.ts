import type { Acknowledgement, Silence } from '../alert/silence.ts'
import type { AlertChange, AlertSnapshot, AlertStore, Remarks } from './alert-store.ts'
import type { DeadLetter } from './delivery.ts'

/** Dead letters and acknowledgements that are kept. */
const MAX_KEPT = 1000

/** The store of an engine that runs alone, without Redis. A restart finds it empty, and reads the history of alerts instead. */
export class MemoryStore implements AlertStore {
  readonly durable = false
  readonly #acknowledgements = new Map<string, Acknowledgement>()
  readonly #silences = new Map<string, Silence>()
  #dead: readonly DeadLetter[] = []

  load(): Promise<AlertSnapshot | undefined> {
    return Promise.resolve(undefined)
  }

  /** Alerts and deliveries are in the book already: there is nobody else to know them. */
  commit(_token: number, { dead = [] }: AlertChange): Promise<void> {
    this.#dead = [...dead, ...this.#dead].slice(0, MAX_KEPT)
    return Promise.resolve()
  }

  remarks(): Promise<Remarks> {
    return Promise.resolve({ acknowledgements: new Map(this.#acknowledgements), silences: new Map(this.#silences) })
  }

  acknowledge(alertId: string, acknowledgement: Acknowledgement): Promise<void> {
    if (this.#acknowledgements.size >= MAX_KEPT) this.#acknowledgements.delete(this.#acknowledgements.keys().next().value!)
    this.#acknowledgements.set(alertId, acknowledgement)
    return Promise.resolve()
  }

  silence(silence: Silence): Promise<void> {
    this.#silences.set(silence.id, silence)
    return Promise.resolve()
  }

  deadLetters(): Promise<readonly DeadLetter[]> {
    return Promise.resolve(this.#dead)
  }
}
