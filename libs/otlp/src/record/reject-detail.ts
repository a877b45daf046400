import type { RejectReason, TimeBounds } from '../transcoded-block.ts'

/** What to say about an id, given as hex, that is none. With redaction it is not quoted: it may be anything. */
export function badId(what: string, id: string, bytes: number, quote = true): string {
  const other = quote ? `"${id.slice(0, 64)}"` : `${id.length} characters long`
  const found = id === '' ? 'missing' : /^0+$/.test(id) ? 'all zeros' : other
  return `the ${what} is ${found}; it must be ${bytes} bytes, ${bytes * 2} hex digits in JSON, and not all zeros`
}

/** What to say about a time that a table cannot hold. */
export function lateTime(unixNano: bigint): string {
  return `time ${unixNano} is after 2106; times are nanoseconds since 1970`
}

/** What to say about a time that lies outside of what is taken. */
export function timeOutside(unixNano: bigint, { oldestUnixNano, newestUnixNano }: TimeBounds): string {
  return unixNano < oldestUnixNano ? `time ${unixNano} is before ${iso(oldestUnixNano)}, the oldest that is kept` : `time ${unixNano} is after ${iso(newestUnixNano)}, too far in the future`
}

function iso(unixNano: bigint): string {
  return new Date(Number(unixNano / 1_000_000n)).toISOString()
}

/** Why one record is not stored. */
export interface Problem {
  readonly reason: RejectReason
  readonly detail: string
}
