/**
 * An exact number. Targets, budgets and thresholds are decimals that binary floating point cannot hold:
 * 14.4 · (1 − 0.999) is above 0.0144 in doubles, 14.4 · ((100 − 99.9) / 100) is below it. Here both are 0.0144.
 * The denominator is positive.
 */
export interface Fraction {
  readonly numerator: bigint
  readonly denominator: bigint
}

/** Digits that a decimal may have before and after the point; more is a mistake, not a target. */
const MAX_DIGITS = 18

/** Reads a plain decimal such as `99.95` or `0.02`; `undefined` for anything else (signs, exponents, spaces). */
export function parseDecimal(text: string): Fraction | undefined {
  const match = /^(\d+)(?:\.(\d+))?$/.exec(text)
  if (match === null) return undefined
  const [, whole = '', decimals = ''] = match
  if (whole.length > MAX_DIGITS || decimals.length > MAX_DIGITS) return undefined
  return { numerator: BigInt(whole + decimals), denominator: 10n ** BigInt(decimals.length) }
}

/** `value / divisor`, exactly. */
export function dividedBy(value: Fraction, divisor: bigint): Fraction {
  return { numerator: value.numerator, denominator: value.denominator * divisor }
}

/** `a · b`, exactly. */
export function multiply(a: Fraction, b: Fraction): Fraction {
  return { numerator: a.numerator * b.numerator, denominator: a.denominator * b.denominator }
}

/** `a + b`, exactly, in lowest terms: sums of many must not grow. */
export function plus(a: Fraction, b: Fraction): Fraction {
  return lowest({ numerator: a.numerator * b.denominator + b.numerator * a.denominator, denominator: a.denominator * b.denominator })
}

/** `a / b`, exactly; `b` is above 0. */
export function quotient(a: Fraction, b: Fraction): Fraction {
  return lowest({ numerator: a.numerator * b.denominator, denominator: a.denominator * b.numerator })
}

function lowest({ numerator, denominator }: Fraction): Fraction {
  let [a, b] = [numerator < 0n ? -numerator : numerator, denominator]
  while (b > 0n) [a, b] = [b, a % b]
  return { numerator: numerator / a, denominator: denominator / a }
}

/** `1 − value`, exactly. */
export function complement(value: Fraction): Fraction {
  return { numerator: value.denominator - value.numerator, denominator: value.denominator }
}

/** Negative when a < b, 0 when equal, positive when a > b. */
export function compare(a: Fraction, b: Fraction): number {
  const difference = a.numerator * b.denominator - b.numerator * a.denominator
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}

/** The nearest double, to show: never to compare with. */
export function toNumber(value: Fraction): number {
  return Number(value.numerator) / Number(value.denominator)
}

/** Digits after the point of a fraction that no decimal is. */
const ROUNDED_DIGITS = 12

/** The decimal digits of a fraction that is not negative, without trailing zeros: `0.995`. Exact where the denominator is a power of ten, else rounded to 12 digits. */
export function decimalText(fraction: Fraction): string {
  const value = /^10*$/.test(fraction.denominator.toString()) ? fraction : rounded(fraction, ROUNDED_DIGITS)
  const scale = value.denominator.toString().length - 1
  const digits = value.numerator.toString().padStart(scale + 1, '0')
  const whole = digits.slice(0, digits.length - scale)
  const decimals = digits.slice(digits.length - scale).replace(/0+$/, '')
  return decimals === '' ? whole : `${whole}.${decimals}`
}

/** The nearest decimal with so many digits after the point; half way, the one above. */
export function rounded({ numerator, denominator }: Fraction, digits: number): Fraction {
  const scale = 10n ** BigInt(digits)
  return { numerator: (2n * numerator * scale + denominator) / (2n * denominator), denominator: scale }
}
