import { isUtf8 } from 'node:buffer'
import type { Redactor } from '../redaction/redactor.ts'

/** Whether `source[start, stop)` is UTF-8, and no rule changes it. */
export function isStoredAsItIs(source: Buffer, start: number, stop: number, redactor: Redactor): boolean {
  if (!isUtf8(source.subarray(start, stop))) return false
  const suspects = redactor.suspects(source, start, stop)
  return suspects === 0 || redactor.replaced(source, start, stop, suspects) === source.toString('utf8', start, stop)
}
