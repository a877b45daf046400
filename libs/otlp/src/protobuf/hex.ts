import type { StringColumn } from '@ballast/clickhouse'

const DIGITS = Buffer.from('0123456789abcdef')

/** For each byte its two hex digits. */
const PAIRS = Buffer.from(Array.from({ length: 512 }, (_, at) => DIGITS[at % 2 === 0 ? at >> 5 : (at >> 1) & 15]!))

/** Adds bytes as lower-case hex. */
export function appendHex(column: StringColumn, source: Buffer, start: number, stop: number): void {
  let at = column.appendBlank((stop - start) * 2)
  const { bytes } = column.data
  for (let from = start; from < stop; from++) {
    const pair = source[from]! << 1
    bytes[at++] = PAIRS[pair]!
    bytes[at++] = PAIRS[pair + 1]!
  }
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
