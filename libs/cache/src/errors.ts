/** Codes of every error this package throws; each is stable and documented in the package's README. */
export type CacheErrorCode =
  | 'OPTION_INVALID'
  | 'NAME_TAKEN'
  | 'LOAD_TIMEOUT'
  | 'LOAD_SHED'
  | 'LOAD_FAILED'
  | 'NO_STALE_VALUE'
  | 'LOAD_MANY_INVALID'
  | 'TAGS_INVALID'
  | 'INVALIDATION_QUEUE_FULL'
  | 'REFRESH_FAILED'
  | 'ENCODING_FAILED'
  | 'VALUE_NOT_CLONEABLE'
  | 'REDIS_UNAVAILABLE'
  | 'TRACKING_REFUSED'
  | 'CACHE_CLOSED'

/** What an error is about. */
export interface CacheErrorFields extends ErrorOptions {
  /** Name of the definition; `~` for `getOrLoad`. */
  readonly definition?: string
  /** The id or ad hoc key. Keys may be personal data: do not log them unasked. */
  readonly id?: string
}

/** An error of `@ballast/cache`: a stable `code`, a sentence for a person, the original error as `cause`. A loader's own error is passed on as it is. */
export class CacheError extends Error {
  override readonly name = 'CacheError'
  readonly code: CacheErrorCode
  /** Name of the definition it happened in, where there is one. */
  readonly definition: string | undefined
  /** The id it happened for, where there is one. */
  readonly id: string | undefined

  constructor(code: CacheErrorCode, message: string, fields: CacheErrorFields = {}) {
    super(message, fields.cause === undefined ? undefined : { cause: fields.cause })
    this.code = code
    this.definition = fields.definition
    this.id = fields.id
  }
}
