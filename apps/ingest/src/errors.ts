import { OtlpError } from '@ballast/otlp'

/** Codes of the errors a sender is told, with the HTTP status and the gRPC code (`google.rpc.Code`) that go with each. */
export const ingestErrorCodes = {
  BAD_REQUEST: { status: 400, grpc: 3 },
  UNAUTHENTICATED: { status: 401, grpc: 16 },
  FORBIDDEN: { status: 403, grpc: 7 },
  NOT_FOUND: { status: 404, grpc: 12 },
  METHOD_NOT_ALLOWED: { status: 405, grpc: 12 },
  BODY_TOO_LARGE: { status: 413, grpc: 8 },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, grpc: 3 },
  IDEMPOTENCY_KEY_REUSED: { status: 422, grpc: 3 },
  QUEUE_FULL: { status: 429, grpc: 8 },
  QUOTA_EXCEEDED: { status: 429, grpc: 8 },
  DEADLINE_EXCEEDED: { status: 503, grpc: 4 },
  UNAVAILABLE: { status: 503, grpc: 14 },
  INTERNAL: { status: 500, grpc: 13 },
} as const

export type IngestErrorCode = keyof typeof ingestErrorCodes

/**
 * An answer that is no success: a stable `code`, a sentence for the sender, and when to come back. Without a stack, which would cost
 * more than all else that a refusal takes, and nobody reads; what is a fault of ingest is the `cause`, with its own.
 */
export class IngestError extends Error {
  override readonly name = 'IngestError'
  readonly code: IngestErrorCode
  /** HTTP status. */
  readonly statusCode: number
  /** Seconds until it is worth trying again. */
  readonly retryAfterSeconds: number | undefined
  /** The path of what is wrong in the request; empty for the request as a whole. */
  readonly field: string

  constructor(code: IngestErrorCode, message: string, options: ErrorOptions & { readonly retryAfterSeconds?: number; readonly field?: string } = {}) {
    const { stackTraceLimit } = Error
    Error.stackTraceLimit = 0
    super(message, options)
    Error.stackTraceLimit = stackTraceLimit
    this.code = code
    this.statusCode = ingestErrorCodes[code].status
    this.retryAfterSeconds = options.retryAfterSeconds
    this.field = options.field ?? ''
  }

  /** Any error as one that can be answered; what is not known is `INTERNAL` and says nothing of the inside. */
  static from(error: unknown): IngestError {
    if (error instanceof IngestError) return error
    if (error instanceof OtlpError) return new IngestError('BAD_REQUEST', error.message, { cause: error, field: error.path ?? '' })
    const status = (error as { statusCode?: unknown } | null)?.statusCode
    if (status === 415) {
      return new IngestError('UNSUPPORTED_MEDIA_TYPE', 'the Content-Type cannot be read; send application/x-protobuf or application/json.', { cause: error })
    }
    if (status === 413) return new IngestError('BODY_TOO_LARGE', 'the body is too large; send smaller batches.', { cause: error })
    if (typeof status === 'number' && status >= 400 && status < 500) return new IngestError('BAD_REQUEST', (error as Error).message, { cause: error })
    return new IngestError('INTERNAL', 'internal error', { cause: error })
  }
}
