import { EncodedTexts, type MapColumn } from '@ballast/clickhouse'
import { NO_RULE } from '../redaction/key-rules.ts'
import { redacted } from '../redaction/redaction-rule.ts'
import type { ValueWriter } from './value-writer.ts'

const INITIAL_KEYS = 64

/** The rule of a key is not known yet. */
const UNKNOWN_RULE = -2

/** What stands in place of a masked value, as a column has it. */
const MASK = EncodedTexts.of(redacted)

/** Adds attributes whose key has a rule to a map column. The rule for a key is looked up once in a block. */
export class RedactedPairs {
  readonly #column: MapColumn
  readonly #values: ValueWriter
  /** For the number of each key its rule; a key whose rule was not looked up yet is unknown, or beyond the end. */
  rules = new Int16Array(INITIAL_KEYS).fill(UNKNOWN_RULE)

  constructor(column: MapColumn, values: ValueWriter) {
    this.#column = column
    this.#values = values
  }

  /** Begins a block, whose keys have other numbers and which may have other rules. */
  clear(): void {
    this.rules.fill(UNKNOWN_RULE)
  }

  /** Adds the attribute whose key has this number and whose value lies at `source[start, stop)`, or what is stored instead, or nothing. */
  append(key: number, source: Buffer, kind: number, start: number, stop: number): void {
    const { keys, values } = this.#column
    const rule = this.#ruleFor(key)
    if (rule === NO_RULE) {
      keys.ids.push(key)
      this.#values.append(values, source, kind, start, stop)
      return
    }
    const action = this.#values.redactor.hit(rule)
    if (action === 'drop') return
    keys.ids.push(key)
    if (action === 'mask') values.appendEncoded(MASK, 1)
    else this.#values.appendPseudonym(values, source, kind, start, stop)
  }

  #ruleFor(key: number): number {
    if (key >= this.rules.length) this.#grow(key)
    let rule = this.rules[key]!
    if (rule === UNKNOWN_RULE) {
      rule = this.#values.redactor.ruleFor(this.#column.keys.dictionary.text(key))
      this.rules[key] = rule
    }
    return rule
  }

  #grow(key: number): void {
    const rules = new Int16Array(Math.max(this.rules.length * 2, key + 1)).fill(UNKNOWN_RULE)
    rules.set(this.rules)
    this.rules = rules
  }
}
