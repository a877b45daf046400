import { MINUS, ZERO } from './json-bytes.ts'

/** Digits that 31 bits hold, those that a double holds exactly, and the most that 64 bits hold. */
const UPPER_DIGITS = 9
const HEAD_DIGITS = 15
const MAX_DIGITS = 20
const NO_DIGITS = -1
const POWERS_OF_TEN = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6]

const UINT32 = 2 ** 32
const SIGN = 2 ** 31

/** An integer written with a fraction or an exponent; longer ones are no integer that fits. */
const EXPONENT = /^(-?)(\d{1,40})(?:\.(\d{1,40}))?(?:[eE]([-+]?\d{1,2}))?$/
const MAX_EXPONENT_LENGTH = 90

/** Reads integers from their digits, so that none of 64 bits is lost, and without a bigint. */
export class IntegerReader {
  /** Halves of the last integer as 64 bits in two's complement, unsigned. */
  low = 0
  high = 0
  negative = false

  /** Reads `source[start, stop)`; `false` when that is no integer, or its amount does not fit 64 bits. */
  read(source: Buffer, start: number, stop: number): boolean {
    this.negative = start < stop && source[start] === MINUS
    const first = this.negative ? start + 1 : start
    if (first === stop) return false
    const upper = digits(source, first, Math.min(stop, first + UPPER_DIGITS))
    const lower = digits(source, first + UPPER_DIGITS, Math.min(stop, first + HEAD_DIGITS))
    const tail = digits(source, first + HEAD_DIGITS, Math.min(stop, first + MAX_DIGITS))
    if (upper === NO_DIGITS || lower === NO_DIGITS || tail === NO_DIGITS || stop - first > MAX_DIGITS) return this.#readExponent(source, start, stop)
    const count = stop - first
    const head = upper * scaleOf(count, UPPER_DIGITS, HEAD_DIGITS) + lower
    return this.#set(head, scaleOf(count, HEAD_DIGITS, MAX_DIGITS), tail)
  }

  /** Whether the last integer is one of 64 bits without a sign. */
  get isUint64(): boolean {
    return !this.negative
  }

  /** Whether the last integer is one of 64 bits with a sign. */
  get isInt64(): boolean {
    return this.negative === this.high >= SIGN
  }

  get isUint32(): boolean {
    return this.high === 0
  }

  get isInt32(): boolean {
    return this.negative ? this.high === UINT32 - 1 && this.low >= SIGN : this.high === 0 && this.low < SIGN
  }

  /** Takes `head * scale + tail`; every step fits a double. */
  #set(head: number, scale: number, tail: number): boolean {
    const headHigh = Math.floor(head / UINT32)
    const low = (head - headHigh * UINT32) * scale + tail
    const carry = Math.floor(low / UINT32)
    return this.#setHalves(low - carry * UINT32, headHigh * scale + carry)
  }

  #setHalves(low: number, high: number): boolean {
    if (high >= UINT32) return false
    if (low === 0 && high === 0) this.negative = false
    this.low = this.negative ? -low >>> 0 : low
    this.high = this.negative ? (~high + (low === 0 ? 1 : 0)) >>> 0 : high
    // Beyond -2^63 the amount fits, but not with its sign.
    return !this.negative || this.high >= SIGN
  }

  /** What hardly anybody sends: 1.7e18, 5.0 */
  #readExponent(source: Buffer, start: number, stop: number): boolean {
    if (stop - start > MAX_EXPONENT_LENGTH) return false
    const [, , whole = '', fraction = '', exponent = '0'] = EXPONENT.exec(source.toString('latin1', start, stop)) ?? []
    const shift = Number(exponent) - fraction.length
    const digits = whole + fraction
    const cut = digits.length + Math.min(shift, 0)
    if (whole === '' || /[^0]/.test(digits.slice(Math.max(cut, 0)))) return false
    const value = BigInt(`${digits.slice(0, Math.max(cut, 0)) || '0'}${'0'.repeat(Math.max(shift, 0))}`)
    return this.#setHalves(Number(value & 0xffffffffn), Number(value >> 32n))
  }
}

/** What up to nine digits say; 0 if there are none, `NO_DIGITS` if something else is among them. */
function digits(source: Buffer, start: number, stop: number): number {
  let value = 0
  for (let at = start; at < stop; at++) {
    const digit = source[at]! - ZERO
    if (digit >>> 0 > 9) return NO_DIGITS
    value = (value * 10 + digit) | 0
  }
  return value
}

/** What the digits before `from` count for when of the digits from there to `to` there are as many as `count` says. */
function scaleOf(count: number, from: number, to: number): number {
  return count <= from ? 1 : POWERS_OF_TEN[Math.min(count, to) - from]!
}
