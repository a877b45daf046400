const SECOND = 1_000_000_000n

/** First nanosecond that a table's DateTime columns cannot hold: 2106-02-07. */
const END_OF_DATETIME = 2n ** 32n * SECOND

/** Whether a time can be stored and sorted by: 1970 to 2106. */
export function isStorable(unixNano: bigint): boolean {
  return unixNano < END_OF_DATETIME
}

/** A time as ClickHouse reads a DateTime64(9): seconds with ten digits, so that it never looks like a calendar date, and the nanoseconds. */
export function timestampText(unixNano: bigint): string {
  return `"${String(unixNano / SECOND).padStart(10, '0')}.${String(unixNano % SECOND).padStart(9, '0')}"`
}
