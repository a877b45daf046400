import { defineWork, type Work } from '@ballast/telemetry'
import type { Product } from '../product.ts'
import type { Random } from '../random.ts'

/** Where prices are reviewed and changed. */
export interface PricedProducts {
  /** The product as it is in the source, or `null`. */
  current(id: string): Product | null
  reprice(product: Product, priceCents: number): Promise<void>
}

/** Prices move by so much at most. */
const MAX_CHANGE = 0.1
/** Products looked at in one review: of the popular ones, so that their readers see the new price at once. */
const REVIEWED = 5
const POPULAR = 100

/** One new price; many of them are one part of the review's event. */
const priceChange = defineWork({
  name: 'price.change',
  fold: true,
  span: false,
  fields: {
    up: { type: 'number', unit: '{product}' },
    down: { type: 'number', unit: '{product}' },
    cents: { type: 'number', unit: 'cent' },
  },
})

/** Gives some popular products a new price, through the cache. */
export class PriceReview {
  readonly #products: PricedProducts
  readonly #count: number
  readonly #random: Random

  /** @param count - how many products there are, numbered from 1. */
  constructor(products: PricedProducts, count: number, random: Random) {
    this.#products = products
    this.#count = count
    this.#random = random
  }

  async run(work: Work): Promise<void> {
    for (let i = 0; i < REVIEWED; i++) {
      const id = String(1 + Math.floor(this.#random() * Math.min(POPULAR, this.#count)))
      const product = this.#products.current(id)
      if (product !== null) await this.#reprice(product)
    }
    work.set('price.reviewed', REVIEWED)
  }

  #reprice(product: Product): Promise<void> {
    const priceCents = Math.max(1, Math.round(product.priceCents * (1 + (this.#random() * 2 - 1) * MAX_CHANGE)))
    return priceChange.run(async (change) => {
      await this.#products.reprice(product, priceCents)
      change.add(priceCents >= product.priceCents ? 'up' : 'down')
      change.add('cents', Math.abs(priceCents - product.priceCents))
    })
  }
}
