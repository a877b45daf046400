import type { StringColumn } from '@ballast/clickhouse'

const DIGITS = Buffer.from('0123456789abcdef')

/** For each byte its two hex digits, as they lie in memory. */
const PAIRS = Uint16Array.from({ length: 256 }, (_, byte) => DIGITS[byte >> 4]! | (DIGITS[byte & 15]! << 8))

/** Adds bytes as lower-case hex. */
export function appendHex(column: StringColumn, source: Buffer, start: number, stop: number): void {
  let at = column.appendBlank((stop - start) * 2)
  const { view } = column.data
  let from = start
  for (; from + 1 < stop; from += 2, at += 4) view.setInt32(at, PAIRS[source[from]!]! | (PAIRS[source[from + 1]!]! << 16), true)
  if (from < stop) view.setUint16(at, PAIRS[source[from]!]!, true)
}

/** Whether `source[start, stop)` is an id of `length` bytes that are not all zero. */
export function isId(source: Buffer, start: number, stop: number, length: number): boolean {
  return stop - start === length && !isZero(source, start, stop)
}

/** Whether all bytes are zero, or there are none. */
export function isZero(source: Buffer, start: number, stop: number): boolean {
  for (let at = start; at < stop; at++) if (source[at] !== 0) return false
  return true
}
