import type { RejectReason } from '../transcoded-block.ts'

/** The longest id that is repeated in a message: the hex digits of a trace id. */
const MAX_SHOWN = 32

/** What to say about an id, given as hex, that is none. */
export function badId(what: string, id: string, bytes: number): string {
  // An id that is too long may be anything, so it is not repeated.
  const found = id === '' ? 'missing' : /^0+$/.test(id) ? 'all zeros' : id.length > MAX_SHOWN ? `${id.length} characters long` : `"${id}"`
  return `the ${what} is ${found}; it must be ${bytes} bytes, ${bytes * 2} hex digits in JSON, and not all zeros`
}

/** What to say about a time that a table cannot hold. */
export function lateTime(unixNano: bigint): string {
  return `time ${unixNano} is after 2106; times are nanoseconds since 1970`
}

/** Why one record is not stored. */
export interface Problem {
  readonly reason: RejectReason
  readonly detail: string
}
