/**
 * The errors this program raises itself, by ClickHouse's own name, with ClickHouse's own number,
 * so that a client cannot tell (and need not know) which layer refused.
 */
export const errorCodes = {
  BAD_ARGUMENTS: 36,
  NOT_IMPLEMENTED: 48,
  SYNTAX_ERROR: 62,
  UNKNOWN_SETTING: 115,
  INCORRECT_DATA: 117,
  TIMEOUT_EXCEEDED: 159,
  READONLY: 164,
  TOO_MANY_SIMULTANEOUS_QUERIES: 202,
  ABORTED: 236,
  QUERY_IS_TOO_LARGE: 392,
  SUPPORT_IS_DISABLED: 344,
  QUERY_WAS_CANCELLED: 394,
  AUTHENTICATION_FAILED: 516,
  LOGICAL_ERROR: 49,
} as const

/** The name of an error this program raises itself. */
export type ErrorName = keyof typeof errorCodes

/** A ClickHouse exception, from the engine or from this program: `code` is its stable name, `number` ClickHouse's number. */
export class ClickHouseException extends Error {
  override readonly name = 'ClickHouseException'
  /** Stable name, such as `UNKNOWN_TABLE`. */
  readonly code: string
  /** ClickHouse's number of it, such as 60. */
  readonly number: number
  /** Set where the HTTP status is not the one that follows from the number. */
  readonly httpStatus: number | undefined

  constructor(fields: { code: string; number: number; message: string; httpStatus?: number }, options?: ErrorOptions) {
    super(fields.message, options)
    this.code = fields.code
    this.number = fields.number
    this.httpStatus = fields.httpStatus
  }

  /** An exception that this program raises itself. */
  static of(code: ErrorName, message: string, options: ErrorOptions & { httpStatus?: number } = {}): ClickHouseException {
    const { httpStatus, ...rest } = options
    return new ClickHouseException({ code, number: errorCodes[code], message, ...(httpStatus === undefined ? {} : { httpStatus }) }, rest)
  }

  /** Reads the engine's text: `Code: 60. DB::Exception: … (UNKNOWN_TABLE)`. */
  static parse(text: string, options?: ErrorOptions): ClickHouseException {
    const match = /^(?:Query failed: )?Code: (\d+)\. DB::(?:\w*Exception): ([\s\S]*?)(?: \(([A-Z][A-Z0-9_]+)\))?\s*$/.exec(text)
    if (match === null) return ClickHouseException.of('LOGICAL_ERROR', text, options)
    const [, number, message = '', code] = match
    return new ClickHouseException({ code: code ?? 'UNKNOWN_EXCEPTION', number: Number(number), message: withoutSpool(message) }, options)
  }

  /** As ClickHouse writes it into a response. */
  toText(version: string): string {
    return `Code: ${this.number}. DB::Exception: ${this.message} (${this.code}) (version ${version})`
  }
}

/** Takes out what is only there because rows come to the engine in a file: its path, and the exception around the exception. */
function withoutSpool(message: string): string {
  const inner = /^Code: \d+\. DB::\w*Exception: ([\s\S]*?)(?:: While executing File: data for INSERT was parsed from file)?\.? \([A-Z][A-Z0-9_]+\) \(version [^)]*\)\.?$/.exec(message)
  return (inner?.[1] ?? message).replace(/ ?\(in file\/uri [^)]*\.spool\):?/g, '').replace(/: While executing File: data for INSERT was parsed from file/g, '')
}
