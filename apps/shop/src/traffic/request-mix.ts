import type { Random } from '../random.ts'
import { zipf } from './zipf.ts'

/** What one customer does. */
export type ShopRequest =
  | { readonly kind: 'view'; readonly productId: string }
  | { readonly kind: 'unknown'; readonly productId: string }
  | { readonly kind: 'order'; readonly productId: string; readonly quantity: number }

/** Kinds of requests. */
export type RequestKind = ShopRequest['kind']

/** Share of each kind; the rest are views. */
export const requestShares = { unknown: 0.02, order: 0.08 } as const
/** How many different ids that no product has are asked for. */
const UNKNOWN_IDS = 50
const MAX_QUANTITY = 3

/** The sequence of requests: the same for the same random numbers. */
export function requestMix(products: number, zipfExponent: number, random: Random): () => ShopRequest {
  const nextProduct = zipf(products, zipfExponent, random)
  return () => {
    const kind = random()
    if (kind < requestShares.unknown) return { kind: 'unknown', productId: `unknown-${1 + Math.floor(random() * UNKNOWN_IDS)}` }
    const productId = String(nextProduct())
    if (kind < requestShares.unknown + requestShares.order) return { kind: 'order', productId, quantity: 1 + Math.floor(random() * MAX_QUANTITY) }
    return { kind: 'view', productId }
  }
}
