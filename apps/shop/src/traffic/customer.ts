import type { ShopRequest } from './request-mix.ts'
import type { Answer } from './traffic-stats.ts'

/** Sends one request to the storefront, as a browser would, and says how it ended. Never rejects. */
export class Customer {
  readonly #storefrontUrl: string
  readonly #timeoutMs: number
  readonly #newKey: () => string

  /** @param timeoutMs - deadline of a request, its answer's body included. */
  constructor(storefrontUrl: string, timeoutMs: number, newKey: () => string) {
    this.#storefrontUrl = storefrontUrl
    this.#timeoutMs = timeoutMs
    this.#newKey = newKey
  }

  async send(request: ShopRequest): Promise<Answer> {
    try {
      const response = await this.#fetch(request)
      await response.arrayBuffer()
      if (response.status >= 500) return '5xx'
      if (response.status >= 400) return '4xx'
      return response.status >= 300 ? '3xx' : '2xx'
    } catch (error) {
      return error instanceof Error && error.name === 'TimeoutError' ? 'timeout' : 'failed'
    }
  }

  #fetch(request: ShopRequest): Promise<Response> {
    const signal = AbortSignal.timeout(this.#timeoutMs)
    if (request.kind !== 'order') return fetch(`${this.#storefrontUrl}/products/${request.productId}`, { signal })
    return fetch(`${this.#storefrontUrl}/orders`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': this.#newKey() },
      body: JSON.stringify({ productId: request.productId, quantity: request.quantity }),
      signal,
    })
  }
}
