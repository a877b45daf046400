import { MINUS, ZERO } from './json-bytes.ts'

/** Digits that 31 bits hold, those that a double holds exactly, and the most that 64 bits hold. */
const UPPER_DIGITS = 9
const HEAD_DIGITS = 15
const MAX_DIGITS = 20
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
  #group = 0

  /** Reads `source[start, stop)`; `false` when that is no integer, or its amount does not fit 64 bits. */
  read(source: Buffer, start: number, stop: number): boolean {
    const negative = start < stop && source[start] === MINUS
    const first = negative ? start + 1 : start
    if (first === stop) return false
    const end = this.readDigits(source, first, stop)
    this.negative = negative
    return end === stop ? this.#setHalves(this.low, this.high) : this.#readExponent(source, start, stop)
  }

  /** Reads the digits that begin `source[start, stop)`, 20 at most; returns where they end, which is `start` when they do not fit 64 bits. */
  readDigits(source: Buffer, start: number, stop: number): number {
    this.negative = false
    const upperEnd = this.#readGroup(source, start, Math.min(stop, start + UPPER_DIGITS))
    const upper = this.#group
    if (upperEnd < start + UPPER_DIGITS) {
      this.low = upper
      this.high = 0
      return upperEnd
    }
    const headEnd = this.#readGroup(source, upperEnd, Math.min(stop, start + HEAD_DIGITS))
    const head = upper * POWERS_OF_TEN[headEnd - upperEnd]! + this.#group
    const tailEnd = headEnd < start + HEAD_DIGITS ? headEnd : this.#readGroup(source, headEnd, Math.min(stop, start + MAX_DIGITS))
    return this.#set(head, POWERS_OF_TEN[tailEnd - headEnd]!, tailEnd === headEnd ? 0 : this.#group) ? tailEnd : start
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

  /** Reads up to nine digits into `#group`; returns where they end. */
  #readGroup(source: Buffer, start: number, stop: number): number {
    let value = 0
    let at = start
    for (; at < stop; at++) {
      const digit = source[at]! - ZERO
      if (digit >>> 0 > 9) break
      value = (value * 10 + digit) | 0
    }
    this.#group = value
    return at
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
