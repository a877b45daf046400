import type { Logger } from '@ballast/service'
import { currentWork, type Work } from '@ballast/telemetry'
import type { Parcels } from './checkout.ts'
import type { OrderDatabase } from './order-database.ts'

/** Most parcels that one sweep queues. */
const SWEEP_LIMIT = 500

/** Packs parcels, each once, and looks for those that never reached the queue. */
export class Packing {
  readonly #orders: OrderDatabase
  readonly #parcels: Parcels
  readonly #log: Logger

  constructor(orders: OrderDatabase, parcels: Parcels, log: Logger) {
    this.#orders = orders
    this.#parcels = parcels
    this.#log = log
  }

  pack(orderId: string): void {
    const work = currentWork()
    work.set('order.id', orderId)
    this.#log.debug({ orderId }, 'packing')
    const first = work.time('db', () => this.#orders.markPacked(orderId))
    work.set('parcel.repeated', !first)
  }

  /** Queues the parcels that nobody packed. One that is in the queue still stays there once. */
  async sweep(work: Work): Promise<void> {
    const waiting = work.time('db', () => this.#orders.unpacked(SWEEP_LIMIT))
    let queued = 0
    for (const orderId of waiting) {
      if (!(await this.#parcels.add(orderId))) break
      queued++
    }
    work.set('parcel.unpacked', waiting.length)
    work.set('parcel.queued', queued)
    if (queued < waiting.length) work.outcome('degraded')
  }
}
