const MIN_DIGITS = 13
const MAX_DIGITS = 19
/** Two bytes so far to either side of one, and it, cover any run of 13 that has it. */
const HALF = 6
const ZERO = 48

/** By the byte: 1 for digits and what may part groups of them. */
const IS_DIGIT_OR_GAP = new Uint8Array(256)
for (const character of '0123456789 -') IS_DIGIT_OR_GAP[character.charCodeAt(0)] = 1

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
 * Where 13 digits, spaces and hyphens that follow each other first end in `bytes[start, stop)`; -1 if they do nowhere. Such a run
 * covers a multiple of 13, so only each thirteenth byte is looked at until one of them fits.
 */
export function findLongNumber(bytes: Uint8Array, start: number, stop: number): number {
  for (let probe = start + MIN_DIGITS - 1; probe < stop; probe += MIN_DIGITS) {
    if (IS_DIGIT_OR_GAP[bytes[probe]!] === 0) continue
    // One of the bytes half a run away must be of the run, too.
    const ahead = probe + HALF < stop && IS_DIGIT_OR_GAP[bytes[probe + HALF]!] === 1
    if (!ahead && IS_DIGIT_OR_GAP[bytes[probe - HALF]!] === 0) continue
    let from = probe
    while (from > start && probe - from < MIN_DIGITS && IS_DIGIT_OR_GAP[bytes[from - 1]!] === 1) from--
    let to = probe + 1
    while (to < stop && to - from < MIN_DIGITS && IS_DIGIT_OR_GAP[bytes[to]!] === 1) to++
    if (to - from >= MIN_DIGITS) return to
  }
  return -1
}
