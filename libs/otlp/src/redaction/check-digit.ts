const MIN_DIGITS = 13
const MAX_DIGITS = 19
const ZERO = 48
const NINE = 57
const SPACE = 32
const HYPHEN = 45

/** A text of fewer characters holds no such number. */
export const MIN_NUMBER_LENGTH = MIN_DIGITS

/** A part of a text. */
export interface TextRange {
  readonly start: number
  readonly end: number
}

/**
 * The numbers of payment cards in a text: 13 to 19 digits, in one group or in groups parted by a space or a hyphen, that begin with
 * 2 to 6 and end with the right check digit (Luhn; ISO/IEC 7812-1, annex B). Neighbours in the same row of groups do not hide them.
 */
export function cardNumbers(text: string): TextRange[] {
  const found: TextRange[] = []
  const groups = [...text.matchAll(/\d+/g)].map((match) => ({ digits: match[0], start: match.index, end: match.index + match[0].length }))
  for (let first = 0; first < groups.length; first++) {
    let digits = ''
    for (let last = first; last < groups.length && digits.length < MAX_DIGITS; last++) {
      if (last > first && !isGap(text.slice(groups[last - 1]!.end, groups[last]!.start))) break
      digits += groups[last]!.digits
      if (!isCardNumber(digits)) continue
      found.push({ start: groups[first]!.start, end: groups[last]!.end })
      first = last
      break
    }
  }
  return found
}

function isGap(text: string): boolean {
  return text === ' ' || text === '-'
}

function isCardNumber(digits: string): boolean {
  if (digits.length < MIN_DIGITS || digits.length > MAX_DIGITS || !/^[2-6]/.test(digits)) return false
  let sum = 0
  for (let at = 0; at < digits.length; at++) {
    const digit = digits.charCodeAt(digits.length - 1 - at) - ZERO
    const value = at % 2 === 0 ? digit : digit * 2
    sum += value > 9 ? value - 9 : value
  }
  return sum % 10 === 0
}

/**
 * Whether 13 digits, spaces and hyphens follow each other anywhere in `bytes[start, stop)`. Such a run covers a multiple of 13, so
 * only each thirteenth byte is looked at until one of them fits.
 */
export function hasLongNumber(bytes: Uint8Array, start: number, stop: number): boolean {
  for (let probe = start + MIN_DIGITS - 1; probe < stop; probe += MIN_DIGITS) {
    if (!isDigitOrGap(bytes[probe]!)) continue
    let from = probe
    while (from > start && probe - from < MIN_DIGITS && isDigitOrGap(bytes[from - 1]!)) from--
    let to = probe + 1
    while (to < stop && to - from < MIN_DIGITS && isDigitOrGap(bytes[to]!)) to++
    if (to - from >= MIN_DIGITS) return true
  }
  return false
}

function isDigitOrGap(byte: number): boolean {
  return (byte >= ZERO && byte <= NINE) || byte === SPACE || byte === HYPHEN
}
