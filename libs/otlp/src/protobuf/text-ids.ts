import { isUtf8 } from 'node:buffer'
import type { LowCardinalityColumn } from '@ballast/clickhouse'
import { cardinalityLimited, type GuardedKey } from '../cardinality/cardinality-guard.ts'
import type { Tally } from '../record/tally.ts'
import type { Redactor } from '../redaction/redactor.ts'
import type { TranscodeOptions } from '../transcoded-block.ts'
import type { Flaw } from './flaw.ts'

const LIMITED = Buffer.from(cardinalityLimited)

/** Numbers of texts in a column's dictionary. Each distinct text is checked once, however often it comes. */
export class TextIds {
  readonly column: LowCardinalityColumn
  readonly #flaw: Flaw
  readonly #redactor: Redactor
  readonly #what: string
  readonly #invalid = new Set<number>()
  #guard: GuardedKey | undefined
  #tally: Tally | undefined

  constructor(column: LowCardinalityColumn, flaw: Flaw, redactor: Redactor, what: string) {
    this.column = column
    this.#flaw = flaw
    this.#redactor = redactor
    this.#what = what
  }

  /** Number of `source[start, stop)`, or of what is stored instead; a flaw if that is not UTF-8. */
  idOf(source: Buffer, start: number, stop: number): number {
    // What must not be stored must not get into the dictionary either.
    const suspects = this.#redactor.mayHold(start, stop) ? this.#redactor.suspects(source, start, stop) : 0
    if (suspects !== 0 && isUtf8(source.subarray(start, stop))) {
      const text = Buffer.from(this.#redactor.replaced(source, start, stop, suspects) ?? '')
      return this.#guardedId(text, 0, text.length)
    }
    return this.#guardedId(source, start, stop)
  }

  append(source: Buffer, start: number, stop: number): void {
    this.column.ids.push(this.idOf(source, start, stop))
  }

  isValid(id: number): boolean {
    return !this.#invalid.has(id)
  }

  /** Begins a block; with a guard further values than it admits are replaced. */
  clear(tally?: Tally, guard?: GuardedKey): void {
    this.#invalid.clear()
    this.#tally = tally
    this.#guard = guard
  }

  #guardedId(source: Buffer, start: number, stop: number): number {
    const { dictionary } = this.column
    if (this.#guard === undefined) return this.#checkedId(source, start, stop)
    const id = dictionary.find(source, start, stop)
    if (id !== -1 && this.isValid(id)) return id
    if (this.#guard.admits(source, start, stop)) return this.#checkedId(source, start, stop)
    this.#tally?.warn('cardinality_limit')
    return this.#guard.replaces ? dictionary.idOf(LIMITED, 0, LIMITED.length) : this.#checkedId(source, start, stop)
  }

  #checkedId(source: Buffer, start: number, stop: number): number {
    const { dictionary } = this.column
    const known = dictionary.size
    const id = dictionary.idOf(source, start, stop)
    if (id === known && !isUtf8(source.subarray(start, stop))) this.#invalid.add(id)
    if (this.#invalid.size > 0 && this.#invalid.has(id)) this.#flaw.notUtf8(this.#what)
    return id
  }
}

/** The guard of one column, if there are guards. */
export function guardOf({ cardinality, tenantId }: TranscodeOptions, table: string, column: string): GuardedKey | undefined {
  return cardinality?.key(tenantId, table, column)
}
