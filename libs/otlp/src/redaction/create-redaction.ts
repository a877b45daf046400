import { RE2JS } from 're2js'
import { RedactionRuleError } from './redaction-rule-error.ts'
import { type CompiledKeyRule, globPattern, KeyRules } from './key-rules.ts'
import { TenantPseudonyms } from './pseudonyms.ts'
import type { KeyRule, RedactionAction, RedactionRule, ValueRule } from './redaction-rule.ts'
import { type CompiledValueRule, MAX_VALUE_RULES, ValuePatterns } from './value-patterns.ts'

/** Shorter secrets can be found by trying. */
const MIN_SECRET_LENGTH = 16

const ACTIONS: readonly RedactionAction[] = ['drop', 'mask', 'pseudonymise', 'keep']
const FIELDS = new Set(['name', 'action', 'keys', 'keyPattern', 'valuePattern', 'contains', 'cardNumber'])

/** Options of {@link createRedaction}. */
export interface RedactionOptions {
  readonly rules: readonly RedactionRule[]
  /** Of it the key of each tenant's pseudonyms is made. At least 16 characters; needed where a rule pseudonymises. */
  readonly pseudonymSecret?: string
}

/** Compiled rules, for `TranscodeOptions.redaction`. Made by {@link createRedaction}; may serve any number of requests. */
export interface Redaction {
  readonly rules: readonly { readonly name: string; readonly action: RedactionAction }[]
  /** Absent when there is no rule of the kind. */
  readonly keys: KeyRules | undefined
  readonly patterns: ValuePatterns | undefined
  readonly pseudonyms: TenantPseudonyms | undefined
}

/**
 * Checks and compiles rules.
 *
 * @throws RedactionRuleError that says which rule is wrong, and why.
 */
export function createRedaction({ rules, pseudonymSecret }: RedactionOptions): Redaction {
  const keyRules: CompiledKeyRule[] = []
  const valueRules: CompiledValueRule[] = []
  const names = new Set<string>()
  rules.forEach((rule, index) => {
    checkRule(rule, index)
    if (names.has(rule.name)) throw wrong(rule.name, 'has the name of an earlier rule; give each its own')
    names.add(rule.name)
    if (rule.action === 'pseudonymise' && (pseudonymSecret ?? '').length < MIN_SECRET_LENGTH) {
      throw wrong(rule.name, `pseudonymises, which needs a secret of at least ${MIN_SECRET_LENGTH} characters`)
    }
    if (isValueRule(rule)) valueRules.push(compileValueRule(rule, index))
    else keyRules.push(compileKeyRule(rule, index))
  })
  if (valueRules.length > MAX_VALUE_RULES) throw new RedactionRuleError(`there are ${valueRules.length} rules that search values; at most ${MAX_VALUE_RULES} are taken`)
  return {
    rules,
    keys: keyRules.length === 0 ? undefined : new KeyRules(keyRules),
    patterns: valueRules.length === 0 ? undefined : new ValuePatterns(valueRules),
    pseudonyms: pseudonymSecret === undefined || pseudonymSecret === '' ? undefined : new TenantPseudonyms(pseudonymSecret),
  }
}

function compileKeyRule({ name, keys = [], keyPattern, action }: KeyRule, rule: number): CompiledKeyRule {
  const patterns = keys.map(globPattern)
  if (keyPattern !== undefined) patterns.push(compile(name, keyPattern, RE2JS.CASE_INSENSITIVE))
  return { rule, patterns, keep: action === 'keep' }
}

function compileValueRule({ name, valuePattern, contains = [] }: ValueRule, rule: number): CompiledValueRule {
  if (valuePattern === undefined) return { rule, pattern: 'cardNumber', contains: [] }
  const pattern = compile(name, valuePattern, 0)
  if (pattern.test('')) throw wrong(name, `has the pattern ${JSON.stringify(valuePattern)}, which finds nothing at all in every text; let it need a character`)
  return { rule, pattern, contains }
}

function compile(name: string, pattern: string, flags: number): RE2JS {
  try {
    return RE2JS.compile(pattern, flags)
  } catch (error) {
    throw wrong(name, `has the pattern ${JSON.stringify(pattern)}, which is no RE2 expression (${(error as Error).message}); look-around and back-references are not taken`, error)
  }
}

function isValueRule(rule: RedactionRule): rule is ValueRule {
  return 'valuePattern' in rule || 'cardNumber' in rule
}

/** Rules come from files, so their shape is not to be trusted. */
function checkRule(rule: RedactionRule, index: number): void {
  const given: unknown = rule
  if (given === null || typeof given !== 'object' || Array.isArray(given)) throw new RedactionRuleError(`rule ${index + 1} is no object`)
  const fields = given as Readonly<Record<string, unknown>>
  const { name, action, keys, keyPattern, valuePattern, contains, cardNumber } = fields
  if (typeof name !== 'string' || !/^[\w.-]{1,64}$/.test(name)) throw new RedactionRuleError(`rule ${index + 1} needs a name of up to 64 letters, digits, "_", "-" and "."`)
  const unknown = Object.keys(fields).find((field) => !FIELDS.has(field))
  if (unknown !== undefined) throw wrong(name, `has the unknown field ${JSON.stringify(unknown)}; there are ${[...FIELDS].join(', ')}`)
  if (!ACTIONS.some((known) => known === action)) throw wrong(name, `needs an action: ${ACTIONS.join(', ')}`)
  for (const [field, value] of Object.entries({ keys, contains })) {
    if (value !== undefined && !isTexts(value)) throw wrong(name, `has ${field} that are no list of texts`)
  }
  for (const [field, value] of Object.entries({ keyPattern, valuePattern })) {
    if (value !== undefined && (typeof value !== 'string' || value === '')) throw wrong(name, `has a ${field} that is no text`)
  }
  if (cardNumber !== undefined && cardNumber !== true) throw wrong(name, 'has a cardNumber that is not true')
  const byKey = keys !== undefined || keyPattern !== undefined
  if (Number(byKey) + Number(valuePattern !== undefined) + Number(cardNumber === true) !== 1) {
    throw wrong(name, 'must go by keys or keyPattern, or by valuePattern, or by cardNumber: by one of them')
  }
  if (contains !== undefined && valuePattern === undefined) throw wrong(name, 'has contains without a valuePattern')
  if (action === 'keep' && !byKey) throw wrong(name, 'keeps, which only rules by key can')
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every((text) => typeof text === 'string' && text !== '')
}

function wrong(name: string, what: string, cause?: unknown): RedactionRuleError {
  return new RedactionRuleError(`rule "${name}" ${what}`, { cause })
}
