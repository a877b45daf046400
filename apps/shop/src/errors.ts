/** Codes of every error the shop answers with, and their HTTP status; documented in the README. */
export const shopErrorStatus = {
  PRODUCT_UNKNOWN: 404,
  IDEMPOTENCY_KEY_REUSED: 422,
  LOOPBACK_ONLY: 403,
  FAULT_INJECTED: 500,
  DEPENDENCY_FAILED: 502,
  DEPENDENCY_TIMEOUT: 504,
  OVERLOADED: 503,
} as const

export type ShopErrorCode = keyof typeof shopErrorStatus

/** An error of the shop: a stable `code`, the HTTP status it is answered with, a sentence for a person. */
export class ShopError extends Error {
  override readonly name = 'ShopError'
  readonly code: ShopErrorCode
  readonly statusCode: number

  constructor(code: ShopErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.statusCode = shopErrorStatus[code]
  }
}
