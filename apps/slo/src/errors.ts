/** Codes of every error this app throws; each is stable and documented in the README. */
export type SloErrorCode =
  | 'TIERS_UNREADABLE'
  | 'TIERS_INVALID'
  | 'WEBHOOK_SECRET_INVALID'
  | 'NOTIFY_UNREADABLE'
  | 'NOTIFY_INVALID'
  | 'DELIVERY_FAILED'
  | 'ADDRESS_REFUSED'
  | 'STALE_LEADER'
  | 'STORE_AWAY'
  | 'COUNT_INVALID'
  | 'NOT_MEASURED'
  | 'OBJECTIVE_NOT_FOUND'
  | 'OPTION_INVALID'
  | 'ALERT_NOT_FOUND'
  | 'SILENCE_NOT_FOUND'
  | 'TRACE_NOT_FOUND'
  | 'REQUEST_INVALID'
  | 'UNAUTHORIZED'

/** What an error may carry beside its code and sentence. */
export interface SloErrorOptions extends ErrorOptions {
  /** HTTP status to answer with, when the error reaches a request. */
  readonly statusCode?: number
  /** How long the other side asks us to wait, milliseconds. */
  readonly retryAfterMs?: number
  /** Why trying again is of no use: this message is refused, or every message to this target. */
  readonly permanent?: 'message' | 'target'
}

/** An error of the SLO engine: a stable `code`, a sentence for a person, the original error as `cause`. */
export class SloError extends Error {
  override readonly name = 'SloError'
  readonly code: SloErrorCode
  readonly statusCode: number | undefined
  readonly retryAfterMs: number | undefined
  readonly permanent: 'message' | 'target' | undefined

  constructor(code: SloErrorCode, message: string, options: SloErrorOptions = {}) {
    super(message, options)
    this.code = code
    this.statusCode = options.statusCode
    this.retryAfterMs = options.retryAfterMs
    this.permanent = options.permanent
  }
}
