import { MINUS, ZERO } from './json-bytes.ts'

/** Digits that a double holds exactly, and those that may come after them in 64 bits. */
const HEAD_DIGITS = 15
const MAX_SCALE = 1e5

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
    const headStop = Math.min(stop, first + HEAD_DIGITS)
    let head = 0
    let at = first
    for (; at < headStop; at++) {
      const digit = source[at]! - ZERO
      if (digit >>> 0 > 9) return this.#readExponent(source, start, stop)
      head = head * 10 + digit
    }
    if (at === first) return false
    let tail = 0
    let scale = 1
    for (; at < stop; at++) {
      const digit = source[at]! - ZERO
      if (digit >>> 0 > 9) return this.#readExponent(source, start, stop)
      if (scale === MAX_SCALE) return false
      tail = tail * 10 + digit
      scale *= 10
    }
    return this.#set(head, scale, tail)
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
