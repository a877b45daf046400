/**
 * Codes of every error this package throws, with whether the same request may succeed later.
 * Each is stable and documented in the package's README.
 */
export const clickHouseErrorCodes = {
  /** No connection, or it broke. Whether an insert landed is unknown: send the same block and token again. */
  UNREACHABLE: { retryable: true },
  /** No answer within the deadline. Whether an insert landed is unknown. */
  TIMEOUT: { retryable: true },
  /** The server is too busy, out of memory, or has too many parts. */
  OVERLOADED: { retryable: true },
  /** The server has no disk space left. */
  OUT_OF_SPACE: { retryable: true },
  /** A cluster cannot take writes now: no Keeper, too few replicas, read-only. */
  UNAVAILABLE: { retryable: true },
  /** The database, table or column is not there, or not yet. */
  SCHEMA_MISSING: { retryable: true },
  /** User, password or rights are wrong. */
  ACCESS_DENIED: { retryable: false },
  /** The data of an insert cannot be read as the table's types. */
  BAD_DATA: { retryable: false },
  /** A materialized view refuses the rows of an insert. Whether the table has them is unknown: send the same block and token again with `ignoreViewErrors`. */
  VIEW_REFUSED: { retryable: false },
  /** Any other refusal of the server. */
  REFUSED: { retryable: false },
  /** The caller's signal was aborted. */
  ABORTED: { retryable: false },
  /** The server is too old for the schema. */
  SERVER_TOO_OLD: { retryable: false },
  /** A migration that was applied has other statements now. */
  MIGRATION_CHANGED: { retryable: false },
  /** The database has migrations that this code does not know. */
  LEDGER_AHEAD: { retryable: false },
} as const satisfies Readonly<Record<string, { readonly retryable: boolean }>>

/** The code of a {@link ClickHouseError}. */
export type ClickHouseErrorCode = keyof typeof clickHouseErrorCodes

/** What an error may carry beside its code. */
export interface ClickHouseErrorDetails extends ErrorOptions {
  /** The server's own error number, e.g. 60. */
  readonly serverCode?: number
  /** The server's name for it, e.g. `UNKNOWN_TABLE`. */
  readonly serverType?: string
}

/** An error of `@ballast/clickhouse`: a stable `code`, whether it is worth trying again, the original error as `cause`. */
export class ClickHouseError extends Error {
  override readonly name = 'ClickHouseError'
  readonly code: ClickHouseErrorCode
  /** The same request may succeed later. */
  readonly retryable: boolean
  readonly serverCode: number | undefined
  readonly serverType: string | undefined

  constructor(code: ClickHouseErrorCode, message: string, details: ClickHouseErrorDetails = {}) {
    super(message, details)
    this.code = code
    this.retryable = clickHouseErrorCodes[code].retryable
    this.serverCode = details.serverCode
    this.serverType = details.serverType
  }
}
