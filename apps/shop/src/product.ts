/** A product as the catalog tells it. */
export interface Product {
  readonly id: string
  readonly name: string
  readonly brand: string
  /** Price in cents. */
  readonly priceCents: number
  readonly description: string
}
