import { OtlpError } from '../errors.ts'

const LINE_FEED = 0x0a
const BYTE_ORDER_MARK = '\ufeff'

/** Says what of a text is not JSON, and where: line and column count from 1, the column in bytes. */
export function brokenJson(source: Buffer, at: number): OtlpError {
  let line = 1
  let lineStart = 0
  for (let end = source.indexOf(LINE_FEED); end !== -1 && end < at; end = source.indexOf(LINE_FEED, end + 1)) {
    line++
    lineStart = end + 1
  }
  return new OtlpError('INVALID_JSON', `the body is not JSON: ${found(source, at)} at line ${line}, column ${at - lineStart + 1} (byte ${at}).`)
}

function found(source: Buffer, at: number): string {
  if (at >= source.length) return 'it ends too early,'
  // A character has at most four bytes; what comes after it may be cut in the middle.
  const [character = ''] = source.toString('utf8', at, at + 4)
  return character === BYTE_ORDER_MARK ? 'a byte order mark' : `unexpected ${JSON.stringify(character)}`
}
