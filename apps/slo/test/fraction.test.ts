import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compare, complement, decimalText, dividedBy, type Fraction, multiply, parseDecimal, plus, quotient, toNumber } from '../src/burn/fraction.ts'

test('a decimal is read exactly and written back without trailing zeros', () => {
  expect(parseDecimal('99.950')).toEqual({ numerator: 99_950n, denominator: 1000n })
  expect(decimalText(parseDecimal('99.950')!)).toBe('99.95')
  expect(decimalText(dividedBy(parseDecimal('99.5')!, 100n))).toBe('0.995')
  expect(decimalText(parseDecimal('0')!)).toBe('0')
  expect(decimalText(parseDecimal('7.0')!)).toBe('7')
})

test('what no decimal is, is written rounded, and what one is, exactly, whatever its denominator', () => {
  expect(decimalText({ numerator: 2n, denominator: 3n })).toBe('0.666666666667')
  expect(decimalText({ numerator: 3969n, denominator: 4000n })).toBe('0.99225')
})

test('sums and quotients are exact and in lowest terms', () => {
  const part = fc.record({ numerator: fc.bigInt(0n, 10n ** 20n), denominator: fc.bigInt(1n, 10n ** 20n) })
  fc.assert(
    fc.property(part, part, (a, b) => {
      expect(compare(plus(a, b), { numerator: a.numerator * b.denominator + b.numerator * a.denominator, denominator: a.denominator * b.denominator })).toBe(0)
      fc.pre(b.numerator > 0n)
      expect(compare(multiply(quotient(a, b), b), a)).toBe(0)
    }),
  )
  expect(plus({ numerator: 1n, denominator: 6n }, { numerator: 1n, denominator: 3n })).toEqual({ numerator: 1n, denominator: 2n })
})

test.each(['', '-1', '+1', '1e-3', '.5', '1.', ' 1', '0x10', 'NaN', '1'.repeat(19)])('%j is not a plain decimal', (text) => {
  expect(parseDecimal(text)).toBeUndefined()
})

test('1 − 0.999 is 0.001, which it is not in doubles', () => {
  expect(decimalText(complement(parseDecimal('0.999')!))).toBe('0.001')
  expect(compare(complement(parseDecimal('0.999')!), parseDecimal('0.001')!)).toBe(0)
})

test('text, order and size agree for every decimal', () => {
  const decimal = fc.tuple(fc.nat(1_000_000), fc.nat(999_999)).map(([whole, part]) => `${whole}.${String(part).padStart(6, '0')}`)
  fc.assert(
    fc.property(decimal, decimal, (a, b) => {
      const [x, y]: Fraction[] = [parseDecimal(a)!, parseDecimal(b)!]
      expect(toNumber(x!)).toBe(Number(a))
      expect(Number(decimalText(x!))).toBe(Number(a))
      expect(compare(x!, y!)).toBe(Math.sign(Number(a) - Number(b)))
    }),
  )
})
