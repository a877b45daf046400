import { currentWork } from '@ballast/telemetry'
import { ShopError } from '../errors.ts'
import type { Order, OrderDatabase, OrderRequest } from './order-database.ts'

/** Where parcels wait to be packed. */
export interface Parcels {
  /** False when the order could not be queued. Never rejects. */
  add(orderId: string): Promise<boolean>
}

/** Takes orders, each once: a repeated idempotency key gives the order that is there. */
export class Checkout {
  readonly #orders: OrderDatabase
  readonly #parcels: Parcels
  readonly #newId: () => string

  constructor(orders: OrderDatabase, parcels: Parcels, newId: () => string) {
    this.#orders = orders
    this.#parcels = parcels
    this.#newId = newId
  }

  /** @throws {@link ShopError} `IDEMPOTENCY_KEY_REUSED` when the key belongs to another order. */
  async place(request: OrderRequest, idempotencyKey: string | undefined): Promise<{ readonly order: Order; readonly replayed: boolean }> {
    const work = currentWork()
    work.set('product.id', request.productId)
    const earlier = idempotencyKey === undefined ? undefined : work.time('db', () => this.#orders.findByKey(idempotencyKey))
    if (earlier !== undefined && !isSame(earlier, request)) {
      throw new ShopError('IDEMPOTENCY_KEY_REUSED', 'this Idempotency-Key belongs to a different order; use a new key for a new order')
    }
    const order = earlier ?? work.time('db', () => this.#orders.insert(this.#newId(), idempotencyKey, request))
    work.set('order.id', order.id)
    work.set('order.total_cents', order.totalCents)
    work.set('order.replayed', earlier !== undefined)
    // The order stands either way; the sweep queues what could not be queued now.
    if (earlier === undefined && !(await this.#parcels.add(order.id))) work.outcome('degraded')
    return { order, replayed: earlier !== undefined }
  }
}

function isSame(order: Order, request: OrderRequest): boolean {
  return order.productId === request.productId && order.quantity === request.quantity && order.unitPriceCents === request.unitPriceCents
}
