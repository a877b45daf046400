import type { Clock, Timer } from '../clock.ts'
import type { SharedTier, StoreReply } from '../redis/shared-tier.ts'

/** The right to load one key, held until it is used or given back. */
export class Lease {
  readonly stampUs: number
  readonly #shared: SharedTier
  readonly #renewals: LeaseRenewals
  readonly #key: string
  readonly #token: string

  constructor(shared: SharedTier, renewals: LeaseRenewals, key: string, token: string, stampUs: number) {
    this.stampUs = stampUs
    this.#shared = shared
    this.#renewals = renewals
    this.#key = key
    this.#token = token
    renewals.add(this)
  }

  renew(): void {
    void this.#shared.renew(this.#key, this.#token)
  }

  /** It is used soon, or ends by itself. */
  stopRenewal(): void {
    this.#renewals.delete(this)
  }

  giveBack(): void {
    this.stopRenewal()
    void this.#shared.release(this.#key, this.#token)
  }

  fill(bytes: Buffer, ttlMs: number): Promise<StoreReply> {
    return new Promise((resolve) => this.#shared.fill(this.#key, this.#token, bytes, ttlMs, resolve))
  }
}

/** So many leases come and go before their set is made anew; for the reason see {@link Flights}. */
const REMOVALS_PER_SET = 512

/** Renews the leases of loads that take long: all at once, each third of a lease's lifetime. Most loads have ended by then, and cost no timer. */
export class LeaseRenewals {
  readonly #intervalMs: number
  readonly #clock: Clock
  #held = new Set<Lease>()
  #removed = 0
  #timer: Timer | undefined

  constructor(leaseTtlMs: number, clock: Clock) {
    this.#intervalMs = leaseTtlMs / 3
    this.#clock = clock
  }

  add(lease: Lease): void {
    this.#held.add(lease)
    if (this.#timer === undefined) this.#timer = this.#clock.setTimer(this.#renew, this.#intervalMs)
  }

  delete(lease: Lease): void {
    if (!this.#held.delete(lease) || ++this.#removed < REMOVALS_PER_SET) return
    this.#removed = 0
    this.#held = new Set(this.#held)
  }

  readonly #renew = (): void => {
    for (const lease of this.#held) lease.renew()
    this.#timer = this.#held.size === 0 ? undefined : this.#clock.setTimer(this.#renew, this.#intervalMs)
  }
}
