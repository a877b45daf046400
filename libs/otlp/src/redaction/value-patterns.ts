import type { RE2JS } from 're2js'
import { cardNumbers, type TextRange } from './check-digit.ts'
import { type SoughtText, TextSieve } from './text-sieve.ts'

/** So many value rules have a bit each in a number. */
export const MAX_VALUE_RULES = 30

export interface CompiledValueRule {
  readonly rule: number
  /** What to find; `cardNumber` finds it otherwise. */
  readonly pattern: RE2JS | 'cardNumber'
  readonly contains: readonly string[]
}

/** What a rule makes of a finding; `undefined` drops the whole text. */
export type Replace = (rule: number, found: string) => string | undefined

/**
 * Searches texts for what value rules describe. Hardly any text holds it, so what is cheap comes first: a look at the bytes of the
 * text; then a search for all of what a rule needs; only then the regular expression.
 */
export class ValuePatterns {
  /** Says which texts must be searched. */
  readonly sieve: TextSieve
  readonly #rules: readonly CompiledValueRule[]

  constructor(rules: readonly CompiledValueRule[]) {
    this.#rules = rules
    this.sieve = new TextSieve(rules.map(({ pattern, contains }, index) => ({ bit: 1 << index, contains: soughtBy(pattern, contains) })))
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

function soughtBy(pattern: CompiledValueRule['pattern'], contains: readonly string[]): SoughtText['contains'] {
  if (pattern === 'cardNumber') return 'longNumber'
  return contains.length === 0 ? 'anything' : contains
}
