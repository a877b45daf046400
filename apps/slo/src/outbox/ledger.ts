import type { Logger } from '@ballast/service'
import { alertKey } from '../alert/alert.ts'
import type { AlertLog } from '../alert/alert-log.ts'
import { type AlertState, restoredState } from '../alert/alert-state.ts'
import { SloError } from '../errors.ts'
import type { Leadership } from '../leader/leadership.ts'
import type { AlertChange, AlertSnapshot, AlertStore, Remarks } from './alert-store.ts'
import type { Delivery, Told } from './delivery.ts'

export interface LedgerOptions {
  readonly store: AlertStore
  readonly history: AlertLog
  readonly leadership: Leadership
  readonly log: Logger
  /** Time that reading the history may take, milliseconds. */
  readonly historyTimeoutMs: number
}

/**
 * What this replica knows of alerts and deliveries, and the one way to change it: a step is stored first, then known. While Redis is
 * away steps are known here alone, and stored when it is back, unless another replica led in the meantime: then that one is right.
 */
export class Ledger {
  readonly #options: LedgerOptions
  readonly #states = new Map<string, AlertState>()
  readonly #deliveries = new Map<string, Delivery>()
  /** The same by the key of their alert. */
  readonly #byKey = new Map<string, Map<string, Delivery>>()
  readonly #told = new Map<string, Told>()
  #remarks: Remarks = { acknowledgements: new Map(), silences: new Map() }
  /** Whether this replica has learned what happened before it. */
  #known = false
  /** The token under which it writes. */
  #token: number | undefined
  /** The newest token of which it knows everything. */
  #seenToken = 0
  /** Whether it knows steps that are not stored. */
  #ahead = false

  constructor(options: LedgerOptions) {
    this.#options = options
  }

  get states(): ReadonlyMap<string, AlertState> {
    return this.#states
  }

  get deliveries(): ReadonlyMap<string, Delivery> {
    return this.#deliveries
  }

  /** Deliveries of one alert, and of those of its key before it. */
  deliveriesOf(key: string): Iterable<Delivery> {
    return this.#byKey.get(key)?.values() ?? []
  }

  get told(): ReadonlyMap<string, Told> {
    return this.#told
  }

  get remarks(): Remarks {
    return this.#remarks
  }

  /** Finds out who acts, and learns what the others did. @returns whether this replica acts. @throws while nothing is known of the past */
  async sync(): Promise<boolean> {
    const { leadership, store, log } = this.#options
    const role = await leadership.campaign()
    if (role.kind !== 'leading') this.#token = undefined
    try {
      if (role.kind === 'leading' && role.token !== this.#token) await this.#takeOver(role.token, role.previous)
      else if (role.kind === 'leading' && this.#ahead) await this.#storeAll()
      else if (role.kind === 'following') this.#adopt(await store.load())
      if (role.kind !== 'alone') this.#remarks = await store.remarks()
    } catch (error) {
      if (error instanceof SloError && error.code === 'STALE_LEADER') leadership.lost()
      else log.warn({ err: error }, 'cannot read what is known of alerts from Redis')
    }
    // As long as Redis answers nothing, the history is the next best.
    if (!this.#known && leadership.role.kind !== 'following') await this.#restore()
    return leadership.role.kind !== 'following'
  }

  /** @throws SloError STALE_LEADER when another replica leads; nothing is changed then. */
  async commit(change: AlertChange): Promise<void> {
    const { leadership, store, log } = this.#options
    if (this.#token === undefined) {
      if (leadership.role.kind === 'following') throw new SloError('STALE_LEADER', 'another replica leads; this one does not write.')
      this.#ahead = true
    } else {
      try {
        await store.commit(this.#token, change)
      } catch (error) {
        if (error instanceof SloError && error.code === 'STALE_LEADER') {
          leadership.lost()
          throw error
        }
        log.warn({ err: error }, 'Redis did not store a step; it is stored when Redis answers again')
        this.#ahead = true
      }
    }
    this.#apply(change)
  }

  async #takeOver(token: number, previous: number): Promise<void> {
    const snapshot = await this.#options.store.load()
    // What this replica did alone counts if nobody led since it last knew everything.
    const mine = this.#ahead && previous === this.#seenToken
    if (snapshot !== undefined && !mine) this.#adopt(snapshot)
    if (!this.#known) await this.#restore()
    this.#token = token
    this.#seenToken = token
    if (snapshot === undefined || mine) await this.#storeAll(snapshot)
  }

  /** Makes the store what this replica knows. */
  async #storeAll(stored?: AlertSnapshot): Promise<void> {
    const { store } = this.#options
    const there = stored ?? (await store.load())
    const finished = [...(there?.deliveries.keys() ?? [])].filter((id) => !this.#deliveries.has(id))
    await store.commit(this.#token!, { states: this.#states, queued: [...this.#deliveries.values()], finished, told: this.#told })
    this.#ahead = false
  }

  #adopt(snapshot: AlertSnapshot | undefined): void {
    // A follower that acted alone keeps what it knows until it is clear that somebody knows better.
    if (snapshot === undefined || (this.#ahead && snapshot.token === this.#seenToken)) return
    replace(this.#states, snapshot.states)
    this.#deliveries.clear()
    this.#byKey.clear()
    for (const delivery of snapshot.deliveries.values()) this.#keep(delivery)
    replace(this.#told, snapshot.told)
    this.#seenToken = snapshot.token
    this.#known = true
    this.#ahead = false
  }

  async #restore(): Promise<void> {
    const { history, historyTimeoutMs } = this.#options
    for (const last of await history.latest(AbortSignal.timeout(historyTimeoutMs))) this.#states.set(alertKey(last.alert), restoredState(last))
    this.#known = true
  }

  #apply({ states, queued = [], finished = [], told }: AlertChange): void {
    for (const [key, state] of states ?? []) this.#states.set(key, state)
    for (const delivery of queued) this.#keep(delivery)
    for (const id of finished) this.#drop(id)
    for (const [key, entry] of told ?? []) this.#told.set(key, entry)
  }

  #keep(delivery: Delivery): void {
    this.#deliveries.set(delivery.id, delivery)
    const ofKey = this.#byKey.get(delivery.key)
    if (ofKey === undefined) this.#byKey.set(delivery.key, new Map([[delivery.id, delivery]]))
    else ofKey.set(delivery.id, delivery)
  }

  #drop(id: string): void {
    const key = this.#deliveries.get(id)?.key
    if (key === undefined) return
    this.#deliveries.delete(id)
    const ofKey = this.#byKey.get(key)
    ofKey?.delete(id)
    if (ofKey?.size === 0) this.#byKey.delete(key)
  }
}

function replace<V>(map: Map<string, V>, by: ReadonlyMap<string, V>): void {
  map.clear()
  for (const [key, value] of by) map.set(key, value)
}
