import type { StringColumn } from '@ballast/clickhouse'

const MINUS = 45
const ZERO = 48

/** High halves below this, and above its complement, make numbers that a double holds exactly. */
const SAFE_HIGH = 2 ** 21
const UINT32 = 2 ** 32

/** Adds a signed 64-bit integer in decimal. Only beyond 2^53 is a bigint needed. */
export function appendInteger(column: StringColumn, low: number, high: number): void {
  const signedHigh = high | 0
  if (signedHigh < SAFE_HIGH && signedHigh >= -SAFE_HIGH) appendDigits(column, signedHigh * UINT32 + low)
  else column.appendText(String(BigInt.asIntN(64, (BigInt(high) << 32n) | BigInt(low))))
}

function appendDigits(column: StringColumn, value: number): void {
  const negative = value < 0
  let rest = negative ? -value : value
  let digits = 1
  for (let bound = 10; rest >= bound; bound *= 10) digits++
  const start = column.appendBlank(negative ? digits + 1 : digits)
  const { bytes } = column.data
  if (negative) bytes[start] = MINUS
  let at = start + digits - (negative ? 0 : 1)
  // Small integers divide much faster than doubles do.
  for (; rest > 0x7fffffff; at--) {
    const tens = Math.floor(rest / 10)
    bytes[at] = ZERO + (rest - tens * 10)
    rest = tens
  }
  for (let small = rest | 0; at >= start + (negative ? 1 : 0); at--) {
    const tens = (small / 10) | 0
    bytes[at] = ZERO + (small - tens * 10)
    small = tens
  }
}
