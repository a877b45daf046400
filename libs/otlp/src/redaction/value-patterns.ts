import type { RE2JS } from 're2js'
import { cardNumbers, findLongNumber, MIN_NUMBER_LENGTH, type TextRange } from './check-digit.ts'
import type { MarkedBlocks } from './marked-blocks.ts'

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
 * Searches texts for what value rules describe. Hardly any text holds it, so what is cheap comes first: the request as a whole is
 * looked over for what must be there; then a text in question for one byte of it; then for all of it; only then comes the regular
 * expression.
 */
export class ValuePatterns {
  /** Shorter texts, in bytes, hold nothing that is searched for. */
  readonly minLength: number
  /** The same for texts that are the digits of a number. */
  readonly minNumberLength: number
  readonly #rules: readonly CompiledValueRule[]
  /** For each byte the rules that it makes suspicious, one bit each. */
  readonly #suspects = new Int32Array(256)
  /** What must be in a text, for {@link MarkedBlocks}. */
  readonly #needles: readonly Buffer[]
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
    this.#needles = rules.flatMap(({ contains }) => contains.map(needleOf))
    const bytes = [...this.#suspects.keys()].filter((byte) => this.#suspects[byte] !== 0)
    this.minNumberLength = this.#always !== 0 || bytes.some((byte) => /[\d.+e-]/.test(String.fromCharCode(byte))) ? this.minLength : MIN_NUMBER_LENGTH
  }

  /** Marks where in a request something may be found. */
  mark(source: Buffer, marks: MarkedBlocks): void {
    marks.mark(source, this.#needles, this.#numbers !== 0)
  }

  /** Whether every text must be searched. */
  get searchesAll(): boolean {
    return this.#always !== 0
  }

  /** The rules that `source[start, stop)` must be searched for, one bit each; 0 for nearly every text. */
  suspects(source: Buffer, start: number, stop: number): number {
    if (stop - start < this.minLength) return 0
    const table = this.#suspects
    let found = this.#always
    for (let at = start; at < stop; at++) found |= table[source[at]!]!
    if (this.#numbers !== 0 && findLongNumber(source, start, stop) !== -1) found |= this.#numbers
    return found
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

/** A text from its rarest byte on, which the engine looks for first; but not a single byte, if there are more, because it may be a tag. */
function needleOf(text: string): Buffer {
  const bytes = Buffer.from(text)
  return bytes.length < 2 ? bytes : bytes.subarray(rarestAt(bytes.subarray(0, -1)))
}

function rarestByte(text: string): number {
  const bytes = Buffer.from(text)
  return bytes[rarestAt(bytes)]!
}

function rarestAt(bytes: Buffer): number {
  const rarities = [...bytes].map((byte) => {
    const rank = COMMON.indexOf(String.fromCharCode(byte))
    return rank === -1 ? COMMON.length : rank
  })
  return rarities.indexOf(Math.max(...rarities))
}
