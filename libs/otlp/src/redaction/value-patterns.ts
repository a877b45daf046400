import { sourceView } from '@ballast/clickhouse'
import type { RE2JS } from 're2js'
import { cardNumbers, hasLongNumber, MIN_NUMBER_LENGTH, type TextRange } from './check-digit.ts'

/** So many bytes are looked for four at a time. */
const MAX_FAST_BYTES = 4
const WORD_BYTES = 4

/** The lowest and the highest bit of each byte of a word. */
const LOW_BITS = 0x01010101
const HIGH_BITS = 0x80808080 | 0

/** So many value rules have a bit each in a number. */
export const MAX_VALUE_RULES = 30

/** Bytes that are common in texts, the most common first; all others are rarer. */
const COMMON = ' etaoinsrhldcumfpgwybvkETAOINSRHLDCUM0123456789/.-_:xjqzFPGWYBVKXQZJ=&?@'

export interface CompiledValueRule {
  readonly rule: number
  /** What to find; `cardNumber` finds it otherwise. */
  readonly pattern: RE2JS | 'cardNumber'
  readonly contains: readonly string[]
}

/** What a rule makes of a finding; `undefined` drops the whole text. */
export type Replace = (rule: number, found: string) => string | undefined

/**
 * Searches texts for what value rules describe. Hardly any text holds it, so what is cheap comes first: for each rule a byte that
 * must be there, looked for in all rules at once; then the texts that must be there; only then the regular expression.
 */
export class ValuePatterns {
  /** Shorter texts, in bytes, hold nothing that is searched for. */
  readonly minLength: number
  /** The same for texts that are the digits of a number. */
  readonly minNumberLength: number
  readonly #rules: readonly CompiledValueRule[]
  /** For each byte the rules that it makes suspicious, one bit each. */
  readonly #suspects = new Int32Array(256)
  /** The bytes that make any rule suspicious, each four times in a word; empty when they are too many to look for, or a rule needs none. */
  readonly #words: Int32Array
  /** Rules that search every text. */
  #always = 0
  /** Rules that search texts with long numbers. */
  #numbers = 0

  constructor(rules: readonly CompiledValueRule[]) {
    this.#rules = rules
    this.minLength = Math.min(...rules.map(minLengthOf))
    rules.forEach(({ pattern, contains }, index) => {
      const bit = 1 << index
      if (pattern === 'cardNumber') this.#numbers |= bit
      else if (contains.length === 0) this.#always |= bit
      else for (const text of contains) this.#suspects[rarestByte(text)]! |= bit
    })
    const bytes = [...this.#suspects.keys()].filter((byte) => this.#suspects[byte] !== 0)
    const first = bytes[0] ?? 0xff
    this.#words = Int32Array.from({ length: bytes.length > MAX_FAST_BYTES || this.#always !== 0 ? 0 : MAX_FAST_BYTES }, (_, at) => Math.imul(bytes[at] ?? first, LOW_BITS))
    this.minNumberLength = this.#always !== 0 || bytes.some((byte) => /[\d.+e-]/.test(String.fromCharCode(byte))) ? this.minLength : MIN_NUMBER_LENGTH
  }

  /** The rules that `source[start, stop)` must be searched for, one bit each; 0 for nearly every text. */
  suspects(source: Buffer, start: number, stop: number): number {
    if (!this.mayHold(source, start, stop)) return 0
    const table = this.#suspects
    let found = this.#always
    for (let at = start; at < stop; at++) found |= table[source[at]!]!
    if (this.#numbers !== 0 && hasLongNumber(source, start, stop)) found |= this.#numbers
    return found
  }

  /**
   * Whether `source[start, stop)` may hold anything: the first and cheapest look, at every text. A byte of `word ^ bytes` is zero
   * where one of the bytes is, and the high bit that the test for zero bytes sets says so; it errs only beside such a byte.
   */
  mayHold(source: Buffer, start: number, stop: number): boolean {
    const length = stop - start
    if (length < this.minLength) return false
    const words = this.#words
    if (words.length === 0) return true
    if (length < WORD_BYTES) {
      for (let at = start; at < stop; at++) if (this.#suspects[source[at]!] !== 0) return true
      return false
    }
    const first = words[0]!, second = words[1]!, third = words[2]!, fourth = words[3]!
    const view = sourceView(source)
    const last = stop - WORD_BYTES
    let zeros = 0
    for (let at = start; ; at += WORD_BYTES) {
      // The last word may overlap the one before.
      const word = view.getInt32(at < last ? at : last, true)
      const a = word ^ first, b = word ^ second, c = word ^ third, d = word ^ fourth
      zeros |= ((a - LOW_BITS) & ~a) | ((b - LOW_BITS) & ~b) | ((c - LOW_BITS) & ~c) | ((d - LOW_BITS) & ~d)
      if (at >= last) break
    }
    return (zeros & HIGH_BITS) !== 0 || (this.#numbers !== 0 && hasLongNumber(source, start, stop))
  }

  /** The text after the rules in `suspects`; `undefined` when one of them drops it. */
  replace(text: string, suspects: number, replace: Replace): string | undefined {
    let result = text
    for (let index = 0; index < this.#rules.length; index++) {
      if ((suspects & (1 << index)) === 0) continue
      const { rule, pattern, contains } = this.#rules[index]!
      if (contains.length > 0 && !contains.some((part) => result.includes(part))) continue
      const before = result
      let end = 0
      result = ''
      for (const range of pattern === 'cardNumber' ? cardNumbers(before) : findings(before, pattern)) {
        const replacement = replace(rule, before.slice(range.start, range.end))
        if (replacement === undefined) return undefined
        result += before.slice(end, range.start) + replacement
        end = range.end
      }
      result += before.slice(end)
    }
    return result
  }
}

/** Where a pattern, or its first group if it has one, is found in a text. */
function* findings(text: string, pattern: RE2JS): Generator<TextRange> {
  // Cheaper than a matcher, and mostly false.
  if (!pattern.test(text)) return
  const group = pattern.groupCount() > 0 ? 1 : 0
  const matcher = pattern.matcher(text)
  while (matcher.find()) {
    const start = matcher.start(group)
    const end = matcher.end(group)
    // A group may be in a branch that was not taken.
    if (start >= 0 && end > start) yield { start, end }
  }
}

function minLengthOf({ pattern, contains }: CompiledValueRule): number {
  if (pattern === 'cardNumber') return MIN_NUMBER_LENGTH
  return contains.length === 0 ? 1 : Math.min(...contains.map((text) => Buffer.byteLength(text)))
}

function rarestByte(text: string): number {
  const rarity = (byte: number): number => {
    const at = COMMON.indexOf(String.fromCharCode(byte))
    return at === -1 ? COMMON.length : at
  }
  return [...Buffer.from(text)].reduce((rarest, byte) => (rarity(byte) > rarity(rarest) ? byte : rarest))
}
