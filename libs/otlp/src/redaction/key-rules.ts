import { RE2JS } from 're2js'

/** Keys whose rule is remembered. */
const MAX_REMEMBERED = 4096

/** No rule is for a key. */
export const NO_RULE = -1

/** One rule: its number, and what its keys look like. */
export interface CompiledKeyRule {
  readonly rule: number
  readonly patterns: readonly RE2JS[]
  readonly keep: boolean
}

/** Finds the rule for a key. Keys come again and again, so verdicts are remembered; bounded, because a sender may make keys up. */
export class KeyRules {
  readonly #rules: readonly CompiledKeyRule[]
  readonly #verdicts = new Map<string, number>()

  constructor(rules: readonly CompiledKeyRule[]) {
    this.#rules = rules
  }

  /** Number of the rule for a key, or {@link NO_RULE}. */
  ruleFor(key: string): number {
    let verdict = this.#verdicts.get(key)
    if (verdict === undefined) {
      const found = this.#rules.find(({ patterns }) => patterns.some((pattern) => pattern.test(key)))
      verdict = found === undefined || found.keep ? NO_RULE : found.rule
      if (this.#verdicts.size === MAX_REMEMBERED) this.#verdicts.clear()
      this.#verdicts.set(key, verdict)
    }
    return verdict
  }
}

/** A key with `*` for any text, as a regular expression. */
export function globPattern(glob: string): RE2JS {
  const parts = glob.split('*').map((part) => RE2JS.quote(part))
  return RE2JS.compile(`^(?:${parts.join('.*')})$`, RE2JS.CASE_INSENSITIVE | RE2JS.DOTALL)
}
