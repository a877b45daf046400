import { currentWork } from '@ballast/telemetry'
import { ShopError } from '../errors.ts'
import type { Product } from '../product.ts'
import type { Downstream } from './downstream.ts'

/** What the storefront does: shows products and takes orders, with the help of catalog and checkout. */
export class Shop {
  readonly #catalog: Downstream
  readonly #checkout: Downstream
  readonly #newKey: () => string

  /** @param newKey - makes the idempotency key of an order that came without one. */
  constructor(catalog: Downstream, checkout: Downstream, newKey: () => string) {
    this.#catalog = catalog
    this.#checkout = checkout
    this.#newKey = newKey
  }

  /** @throws {@link ShopError} `PRODUCT_UNKNOWN`, `DEPENDENCY_FAILED`, `DEPENDENCY_TIMEOUT`. */
  async product(id: string): Promise<Product> {
    currentWork().set('product.id', id)
    const { status, body } = await this.#catalog.call(`/products/${encodeURIComponent(id)}`)
    if (status === 404) throw new ShopError('PRODUCT_UNKNOWN', `there is no product ${id}`)
    if (status !== 200) throw new ShopError('DEPENDENCY_FAILED', `catalog answered ${status}`)
    return body as Product
  }

  /** Orders at today's price. @throws as {@link product}, and {@link ShopError} `IDEMPOTENCY_KEY_REUSED`. */
  async order(productId: string, quantity: number, idempotencyKey: string | undefined): Promise<unknown> {
    const { priceCents } = await this.product(productId)
    const { status, body } = await this.#checkout.call('/orders', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': idempotencyKey ?? this.#newKey() },
      body: JSON.stringify({ productId, quantity, unitPriceCents: priceCents }),
    })
    if (status === 422) throw new ShopError('IDEMPOTENCY_KEY_REUSED', 'this Idempotency-Key belongs to a different order; use a new key for a new order')
    if (status !== 201) throw new ShopError('DEPENDENCY_FAILED', `checkout answered ${status}`)
    currentWork().set('order.quantity', quantity)
    return body
  }
}
