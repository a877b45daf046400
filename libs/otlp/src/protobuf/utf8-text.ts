import { isUtf8 } from 'node:buffer'

/** Whether `source[start, stop)` is UTF-8. A view is made only where a byte is not ASCII. */
export function isUtf8Text(source: Buffer, start: number, stop: number): boolean {
  for (let at = start; at < stop; at++) if (source[at]! >= 0x80) return isUtf8(source.subarray(at, stop))
  return true
}
