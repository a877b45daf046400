/** High half of 2^32 seconds in nanoseconds, 2106-02-07: the first time that a table's DateTime columns cannot hold. Its low half is 0. */
const END_HIGH = 1_000_000_000

/** Whether a time, given by the high half of its nanoseconds, can be stored and sorted by. */
export function isStorableHigh(high: number): boolean {
  return high < END_HIGH
}

/** The two halves as one number. */
export function unixNano(low: number, high: number): bigint {
  return (BigInt(high) << 32n) | BigInt(low)
}
