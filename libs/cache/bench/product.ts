import { isDeepStrictEqual } from 'node:util'

/** What every subject caches: about 300 bytes of JSON, with nesting. */
export interface Product {
  readonly id: string
  readonly name: string
  readonly brand: { readonly id: number; readonly name: string; readonly country: string }
  readonly price: { readonly amount: number; readonly currency: string }
  readonly stock: readonly { readonly warehouse: string; readonly count: number }[]
  readonly tags: readonly string[]
  readonly active: boolean
}

/** The product of an id, as the source would give it. */
export function productOf(id: string): Product {
  return {
    id,
    name: `Reading lamp ${id} with a dimmer`,
    brand: { id: 7, name: 'Lumen & Sons', country: 'PT' },
    price: { amount: 49.9, currency: 'EUR' },
    stock: [
      { warehouse: 'north', count: 12 },
      { warehouse: 'south', count: 3 },
    ],
    tags: ['lamp', 'indoor', 'dimmable', 'oak'],
    active: true,
  }
}

/** @throws when a subject answered with anything but the product of the id: then its speed means nothing. */
export function assertProduct(subject: string, id: string, answer: unknown): void {
  const expected = productOf(id)
  if (!isDeepStrictEqual(answer, expected)) throw new Error(`${subject} answered ${JSON.stringify(answer)} for ${id}, expected ${JSON.stringify(expected)}`)
}
