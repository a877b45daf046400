/** What kind of failure it was: who has to look at it. */
export type ErrorCategory = 'input' | 'timeout' | 'cancelled' | 'dependency' | 'internal'

/** What an event says about an error. */
export interface ErrorFacts {
  /** `error.type`: the error's code where it has one, else its class. */
  readonly type: string
  readonly message: string
  readonly category: ErrorCategory
}

const NETWORK_CODES = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_SOCKET'])
const TIMEOUT_CODES = new Set(['ETIMEDOUT', 'UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT'])

/** Reads an error of any kind, also a thrown value that is not an `Error`. Node's `fetch failed` is described by its cause. */
export function errorFacts(error: unknown, category?: ErrorCategory): ErrorFacts {
  if (!(error instanceof Error)) return { type: typeof error, message: String(error), category: category ?? 'internal' }
  const code = codeOf(error) ?? codeOf(error.cause)
  return { type: code ?? error.name, message: messageOf(error), category: category ?? categoryOf(error, code) }
}

/** The category of an error of any kind. */
export function errorCategory(error: unknown): ErrorCategory {
  return error instanceof Error ? categoryOf(error, codeOf(error) ?? codeOf(error.cause)) : 'internal'
}

function categoryOf(error: Error, code: string | undefined): ErrorCategory {
  if (error.name === 'TimeoutError' || (code !== undefined && (TIMEOUT_CODES.has(code) || code.endsWith('_TIMEOUT')))) return 'timeout'
  if (error.name === 'AbortError') return 'cancelled'
  if (code !== undefined && NETWORK_CODES.has(code)) return 'dependency'
  const status = 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : 500
  if (status === 502) return 'dependency'
  if (status === 504) return 'timeout'
  return status >= 400 && status < 500 ? 'input' : 'internal'
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

function messageOf(error: Error): string {
  return error.cause instanceof Error && error.cause.message !== '' ? `${error.message}: ${error.cause.message}` : error.message
}
