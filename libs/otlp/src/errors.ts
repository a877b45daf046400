/** Codes of every error this package throws; each is stable and documented in the package's README. All of them mean: this request can never be stored. */
export type OtlpErrorCode =
  /** The bytes are not a protobuf message. */
  | 'INVALID_PROTOBUF'
  /** The text is not JSON. */
  | 'INVALID_JSON'
  /** A text is not UTF-8. */
  | 'INVALID_UTF8'
  /** A field holds another kind of value than OTLP says. */
  | 'WRONG_SHAPE'
  /** The request belongs to another signal's endpoint. */
  | 'WRONG_ENDPOINT'
  /** Attribute values nest deeper than is taken. */
  | 'NESTED_TOO_DEEP'

/** A request that is no OTLP request: a stable `code` and a sentence that says what is wrong, where, and what to do. */
export class OtlpError extends Error {
  override readonly name = 'OtlpError'
  readonly code: OtlpErrorCode
  /** Where, as `resourceSpans[0].scopeSpans[0].spans[2].attributes`; absent when the place is the whole request. */
  readonly path: string | undefined

  constructor(code: OtlpErrorCode, message: string, options: ErrorOptions & { readonly path?: string } = {}) {
    super(message, options)
    this.code = code
    this.path = options.path
  }
}
