import { ClickHouseError as DriverError } from '@clickhouse/client'
import { ClickHouseError, type ClickHouseErrorCode } from '../errors.ts'

/** ClickHouse's error numbers (src/Common/ErrorCodes.cpp) by what they mean for a caller. Numbers not listed are `REFUSED`. */
const SERVER_CODES: Readonly<Partial<Record<ClickHouseErrorCode, readonly number[]>>> = {
  TIMEOUT: [159, 209, 160],
  // 202 too many queries, 203 no free connection, 241 memory, 252 too many parts, 439 no thread, 473 deadlock avoided,
  // 574 too many pending bytes, 745 server overloaded.
  OVERLOADED: [202, 203, 241, 252, 439, 473, 574, 745],
  OUT_OF_SPACE: [243],
  // 210 network, 225 no Keeper, 236 aborted, 242 read-only table, 279 all connections failed, 285/286 quorum, 319 unknown status,
  // 394 cancelled, 415 replicas lost, 425 system error, 499 object store, 999 Keeper.
  UNAVAILABLE: [210, 225, 236, 242, 279, 285, 286, 319, 394, 415, 425, 499, 999],
  // 8/10/16/47 column, 60 table, 81 database.
  SCHEMA_MISSING: [8, 10, 16, 47, 60, 81],
  ACCESS_DENIED: [192, 193, 194, 291, 492, 497, 516],
  // 6/25/26/27/38/41/72 cannot parse, 33 cannot read all data, 53 type, 69 out of bound, 70 cannot convert, 117 incorrect data,
  // 130/131/190 arrays and strings, 261 unknown block, 321 out of range, 349 null, 407 decimal, 441 domain, 469 constraint, 691 enum.
  BAD_DATA: [6, 25, 26, 27, 33, 38, 41, 53, 69, 70, 72, 117, 130, 131, 190, 261, 321, 349, 407, 441, 469, 691],
}

const codeByNumber = new Map(
  Object.entries(SERVER_CODES).flatMap(([code, numbers]) => numbers.map((number) => [number, code as ClickHouseErrorCode] as const)),
)

/** A block over more days than ClickHouse takes in one insert: error 252 as well, but sending it again cannot help. */
const TOO_MANY_PARTITIONS = /partitions for single INSERT block/i

/** What the server adds when it was a view that failed, and not the table. */
const IN_A_VIEW = /while pushing to view/i

/** A full disk comes under several numbers; the text of the operating system is the same in all. */
const NO_SPACE = /No space left on device/i

/** What happened to the signals of a request, so that an abort can be told from a deadline. */
export interface RequestOutcome {
  readonly aborted: boolean
  readonly timedOut: boolean
  readonly timeoutMs: number
}

/** Turns whatever the driver threw into an error with a code. */
export function classifyError(error: unknown, outcome: RequestOutcome): ClickHouseError {
  if (error instanceof ClickHouseError) return error
  const message = error instanceof Error ? error.message || (error as NodeJS.ErrnoException).code || error.name : String(error)
  if (error instanceof DriverError) {
    const number = Number(error.code)
    const details = { cause: error, serverCode: number, ...(error.type === undefined ? {} : { serverType: error.type }) }
    const code = codeOf(number, message)
    return new ClickHouseError(code, `ClickHouse refused the request: ${message} (code ${number}${error.type === undefined ? '' : `, ${error.type}`})`, details)
  }
  if (outcome.aborted) return new ClickHouseError('ABORTED', 'the request to ClickHouse was aborted by its caller', { cause: error })
  if (outcome.timedOut || /timeout/i.test(message)) {
    return new ClickHouseError('TIMEOUT', `no answer from ClickHouse within ${outcome.timeoutMs} ms`, { cause: error })
  }
  if (error instanceof SyntaxError) return new ClickHouseError('REFUSED', `the answer of ClickHouse is not what was asked for: ${message}`, { cause: error })
  return new ClickHouseError('UNREACHABLE', `ClickHouse does not answer: ${message}`, { cause: error })
}

function codeOf(number: number, message: string): ClickHouseErrorCode {
  if (NO_SPACE.test(message)) return 'OUT_OF_SPACE'
  if (number === 252 && TOO_MANY_PARTITIONS.test(message)) return 'BAD_DATA'
  const code = codeByNumber.get(number) ?? 'REFUSED'
  return (code === 'BAD_DATA' || code === 'REFUSED') && IN_A_VIEW.test(message) ? 'VIEW_REFUSED' : code
}
