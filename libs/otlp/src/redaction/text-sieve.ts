import { MAYBE_NUMBER, SOUGHT, type SoughtBytes, sourceView } from '@ballast/clickhouse'
import { findLongNumber, MIN_NUMBER_LENGTH } from './check-digit.ts'

/** Bytes that are common in texts, the most common first; all others are rarer. */
const COMMON = ' etaoinsrhldcumfpgwybvkETAOINSRHLDCUM0123456789/.-_:xjqzFPGWYBVKXQZJ=&?@'

/** Longer than any text. */
export const NEVER = 2 ** 30

/** In longer texts the engine finds each needle sooner than a loop finds a byte. */
const MAX_LOOKED_OVER = 1024

/** Bytes that are looked at together. */
const WORD_BYTES = 4
const ONES = 0x01010101
const HIGH_BITS = 0x80808080 | 0

/** Bytes that differ in so many bits are looked for together; each bit doubles the bytes that are found. */
const MAX_DIFFERING_BITS = 2

/** Without bits to compare no byte has a value other than zero. */
const NO_BYTE: SoughtBytes = { mask: 0, value: ONES }

/** What the text of a number consists of. */
const NUMERIC = /^[-+.\deINafity]+$/

/** What one rule needs of a text, and the rule's bit. */
export interface SoughtText {
  readonly bit: number
  /** One of these; `longNumber`: 13 digits in a row, but for gaps; `anything`: no more than a byte. */
  readonly contains: readonly string[] | 'longNumber' | 'anything'
}

/**
 * Tells which rules a text must be searched for: none, for nearly every text. A text is looked over a word at a time, for one rare
 * byte of each text that the rules need, and for what may be part of a long number; only where these are is looked closer.
 */
export class TextSieve {
  /** Shorter texts, in bytes, need not be searched. */
  readonly minLength: number
  /** The same for the texts of numbers. */
  readonly minNumberLength: number
  /** What to look for while a text is copied; absent where that would not tell enough. */
  readonly whileCopied: SoughtBytes | undefined
  readonly #needles: { readonly bit: number; readonly bytes: Buffer }[] = []
  /** A rare byte of each needle, in pairs. */
  readonly #rare: readonly { readonly one: number; readonly other: number }[]
  /** Rules that search every text. */
  #always = 0
  /** Rules that search texts with long numbers. */
  #numbers = 0

  constructor(sought: readonly SoughtText[]) {
    for (const { bit, contains } of sought) {
      if (contains === 'longNumber') this.#numbers |= bit
      else if (contains === 'anything') this.#always |= bit
      else for (const text of contains) this.#needles.push({ bit, bytes: Buffer.from(text) })
    }
    const rare = [...new Set(this.#needles.map(({ bytes }) => rarestByte(bytes)))]
    this.#rare = Array.from({ length: Math.ceil(rare.length / 2) }, (_, pair) => ({ one: fourTimes(rare[pair * 2]!), other: fourTimes(rare[pair * 2 + 1] ?? rare[pair * 2]!) }))
    if (this.#always === 0) this.whileCopied = inOneLook(rare)
    this.minLength = this.#shortest(() => true)
    this.minNumberLength = this.#shortest((needle) => NUMERIC.test(needle))
  }

  /** Whether a text of `length` bytes needs a look of its own, after what was `seen` while it was copied. */
  isSuspect(seen: number, length: number): boolean {
    return (seen & SOUGHT) !== 0 || ((seen & MAYBE_NUMBER) !== 0 && length >= MIN_NUMBER_LENGTH && this.#numbers !== 0)
  }

  /** Whether some rules look for long numbers. */
  get seeksNumbers(): boolean {
    return this.#numbers !== 0
  }

  /** The rules that `source[start, stop)` must be searched for, one bit each. */
  rulesFor(source: Buffer, start: number, stop: number): number {
    const length = stop - start
    if (length < this.minLength) return 0
    let found = this.#always
    if (length > MAX_LOOKED_OVER || this.#hasRare(source, start, stop)) found |= this.#rulesOfNeedles(source.subarray(start, stop))
    if (length >= MIN_NUMBER_LENGTH && this.#numbers !== 0 && findLongNumber(source, start, stop) !== -1) found |= this.#numbers
    return found
  }

  /** Whether one of the rare bytes is there. */
  #hasRare(source: Buffer, start: number, stop: number): boolean {
    const words = sourceView(source)
    const last = stop - WORD_BYTES
    for (const { one, other } of this.#rare) {
      for (let at = start; at < last; at += WORD_BYTES) {
        const word = words.getInt32(at, true)
        if (hasZeroByte(word ^ one) || hasZeroByte(word ^ other)) return true
      }
      for (let at = Math.max(last, start); at < stop; at++) {
        const byte = fourTimes(source[at]!)
        if (byte === one || byte === other) return true
      }
    }
    return false
  }

  #rulesOfNeedles(text: Buffer): number {
    let found = 0
    for (const { bit, bytes } of this.#needles) if ((found & bit) === 0 && text.includes(bytes)) found |= bit
    return found
  }

  #shortest(counts: (needle: string) => boolean): number {
    const needles = this.#needles.map(({ bytes }) => bytes).filter((bytes) => counts(bytes.toString()))
    return Math.min(this.#always === 0 ? NEVER : 1, this.#numbers === 0 ? NEVER : MIN_NUMBER_LENGTH, ...needles.map(({ length }) => length))
  }
}

/** What finds these bytes and few others in one look; `undefined` when they are too different. */
function inOneLook(bytes: readonly number[]): SoughtBytes | undefined {
  const [first] = bytes
  if (first === undefined) return NO_BYTE
  const differing = bytes.reduce((bits, byte) => bits | (byte ^ first), 0)
  const count = differing.toString(2).replaceAll('0', '').length
  return count > MAX_DIFFERING_BITS ? undefined : { mask: fourTimes(0xff & ~differing), value: fourTimes(first & ~differing) }
}

/**
 * Whether a byte of the word is zero. https://graphics.stanford.edu/~seander/bithacks.html#ZeroInWord
 */
function hasZeroByte(word: number): boolean {
  return ((word - ONES) & ~word & HIGH_BITS) !== 0
}

/** A byte in all bytes of a word. */
function fourTimes(byte: number): number {
  return Math.imul(byte, ONES)
}

function rarestByte(bytes: Buffer): number {
  const rarities = [...bytes].map((byte) => {
    const rank = COMMON.indexOf(String.fromCharCode(byte))
    return rank === -1 ? COMMON.length : rank
  })
  return bytes[rarities.indexOf(Math.max(...rarities))]!
}
