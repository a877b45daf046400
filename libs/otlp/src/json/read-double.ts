import { DOT, MINUS, ZERO } from './json-bytes.ts'

/** Whole numbers of this many digits, and powers of ten up to 22, are exact doubles; so their quotient is the nearest double. */
const EXACT_DIGITS = 15

const NUMBER = /^-?\d+(\.\d+)?([eE][-+]?\d+)?$/
const SPECIAL = new Set(['NaN', 'Infinity', '-Infinity'])

/** The double that is nearest to the number `source[start, stop)`, or one of the special texts; `undefined` when it is neither. */
export function readDouble(source: Buffer, start: number, stop: number): number | undefined {
  const negative = source[start] === MINUS
  const first = negative ? start + 1 : start
  if (stop - first > EXACT_DIGITS || stop === first || source[first] === DOT || source[stop - 1] === DOT) return readAny(source, start, stop)
  let digits = 0
  let divisor = 0
  for (let at = first; at < stop; at++) {
    const byte = source[at]!
    if (byte === DOT && divisor === 0) {
      divisor = 1
      continue
    }
    const digit = byte - ZERO
    if (digit >>> 0 > 9) return readAny(source, start, stop)
    digits = digits * 10 + digit
    divisor *= 10
  }
  const amount = divisor === 0 ? digits : digits / divisor
  return negative ? -amount : amount
}

function readAny(source: Buffer, start: number, stop: number): number | undefined {
  const text = source.toString('latin1', start, stop)
  return NUMBER.test(text) || SPECIAL.has(text) ? Number(text) : undefined
}
