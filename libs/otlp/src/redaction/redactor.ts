import { isUtf8 } from 'node:buffer'
import type { StringColumn } from '@ballast/clickhouse'
import type { AnyValue, KeyValue } from '../record/any-value.ts'
import type { Redaction } from './create-redaction.ts'
import { NO_RULE } from './key-rules.ts'
import type { Pseudonyms } from './pseudonyms.ts'
import { redacted, type RedactionAction } from './redaction-rule.ts'
import { NEVER, type TextSieve } from './text-sieve.ts'
import type { Replace, ValuePatterns } from './value-patterns.ts'
import type { TranscodeOptions } from '../transcoded-block.ts'

/** How a value is stored as a text. */
type TextOf = (value: AnyValue) => string

/** Applies the rules to one request, and counts what they hit. */
export class Redactor {
  /** Texts of fewer bytes need no look. */
  minLength = NEVER
  /** The same for texts that are the digits of a number. */
  minNumberLength = NEVER
  /** Tells texts that rules search from others. Absent without value rules. */
  sieve: TextSieve | undefined
  #patterns: ValuePatterns | undefined
  #redaction: Redaction | undefined
  #pseudonyms: Pseudonyms | undefined
  #hits: number[] = []
  readonly #replace: Replace = (rule, found) => this.#replacement(rule, found)

  /** Begins a request. */
  begin({ redaction, tenantId }: TranscodeOptions): void {
    this.#redaction = redaction
    this.#pseudonyms = redaction?.pseudonyms?.of(tenantId)
    this.#hits = redaction === undefined ? [] : redaction.rules.map(() => 0)
    this.#patterns = redaction?.patterns
    this.sieve = this.#patterns?.sieve
    this.minLength = this.sieve?.minLength ?? NEVER
    this.minNumberLength = this.sieve?.minNumberLength ?? NEVER
  }

  /** Whether there are any rules. */
  get active(): boolean {
    return this.#redaction !== undefined
  }

  /** How often each rule hit, without those that did not. */
  get counts(): ReadonlyMap<string, number> {
    return new Map(this.#redaction?.rules.map(({ name }, rule) => [name, this.#hits[rule]!] as const).filter(([, hits]) => hits > 0))
  }

  /** Number of the rule for a key, or `NO_RULE`. */
  ruleFor(key: string): number {
    return this.#redaction?.keys?.ruleFor(key) ?? NO_RULE
  }

  /** What a rule does; the hit is counted. */
  hit(rule: number): RedactionAction {
    this.#hits[rule]!++
    return this.#redaction!.rules[rule]!.action
  }

  /** What a rule does. */
  actionOf(rule: number): RedactionAction {
    return this.#redaction!.rules[rule]!.action
  }

  /** Counts hits. */
  addHits(rule: number, hits: number): void {
    this.#hits[rule]! += hits
  }

  /** A number that no other tenant's pseudonyms, or of other rules, have; 0 for none. */
  get pseudonymsNumber(): number {
    return this.#pseudonyms?.number ?? 0
  }

  /** The value rules that `source[start, stop)` must be searched for; 0 for nearly every text. */
  suspects(source: Buffer, start: number, stop: number): number {
    return stop - start < this.minLength ? 0 : this.sieve!.rulesFor(source, start, stop)
  }

  /** The text of `source[start, stop)` after the value rules, `undefined` when it is dropped. The bytes as they are when they are not UTF-8. */
  replaced(source: Buffer, start: number, stop: number, suspects: number): string | undefined {
    return this.#patterns!.replace(source.toString('utf8', start, stop), suspects, this.#replace)
  }

  /** A text after the value rules; empty when it is dropped. */
  text(text: string): string {
    return this.#textOrDropped(text) ?? ''
  }

  /** Adds the pseudonym of `source[start, stop)`. */
  appendPseudonym(column: StringColumn, source: Buffer, start: number, stop: number): void {
    this.#pseudonyms!.append(column, source, start, stop)
  }

  /** A nested value after all rules; `undefined` when it is dropped. `textOf` is how a value is stored. */
  nested(value: AnyValue, textOf: TextOf): AnyValue | undefined {
    switch (value.kind) {
      case 'string':
      case 'int':
      case 'double':
        return this.#leaf(value, String(value.value))
      case 'bytes':
        return isUtf8(value.value) ? this.#leaf(value, Buffer.from(value.value).toString()) : value
      case 'array':
        return { kind: 'array', values: value.values.map((item) => this.nested(item, textOf)).filter((item) => item !== undefined) }
      case 'kvlist':
        return { kind: 'kvlist', values: value.values.map((field) => this.#field(field, textOf)).filter((field) => field !== undefined) }
      case 'bool':
      case 'empty':
        return value
    }
  }

  #field({ key, value }: KeyValue, textOf: TextOf): KeyValue | undefined {
    const rule = this.ruleFor(key)
    const shown = this.text(key)
    if (rule === NO_RULE) {
      const kept = this.nested(value, textOf)
      return kept === undefined ? undefined : { key: shown, value: kept }
    }
    const action = this.hit(rule)
    if (action === 'drop') return undefined
    return { key: shown, value: { kind: 'string', value: action === 'mask' ? redacted : this.#pseudonyms!.of(textOf(value)) } }
  }

  #leaf(value: AnyValue, plain: string): AnyValue | undefined {
    const text = this.#textOrDropped(plain)
    if (text === undefined) return undefined
    return text === plain ? value : { kind: 'string', value: text }
  }

  #textOrDropped(text: string): string | undefined {
    if (this.#patterns === undefined) return text
    const bytes = Buffer.from(text)
    const suspects = this.suspects(bytes, 0, bytes.length)
    return suspects === 0 ? text : this.#patterns.replace(text, suspects, this.#replace)
  }

  #replacement(rule: number, found: string): string | undefined {
    const action = this.hit(rule)
    if (action === 'drop') return undefined
    return action === 'pseudonymise' ? this.#pseudonyms!.of(found) : redacted
  }
}
