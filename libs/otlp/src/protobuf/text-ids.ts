import { isUtf8 } from 'node:buffer'
import type { LowCardinalityColumn } from '@ballast/clickhouse'
import { cardinalityLimited, type GuardedKey } from '../cardinality/cardinality-guard.ts'
import type { Tally } from '../record/tally.ts'
import type { Redactor } from '../redaction/redactor.ts'
import type { TranscodeOptions } from '../transcoded-block.ts'
import type { Flaw } from './flaw.ts'

const LIMITED = Buffer.from(cardinalityLimited)

const INITIAL_IDS = 256

/** More than this is given back after a large block. */
const MAX_KEPT_IDS = 2 ** 16

/** Numbers of texts in a column's dictionary. Each distinct text is checked once, however often it comes. */
export class TextIds {
  readonly column: LowCardinalityColumn
  readonly #flaw: Flaw
  readonly #redactor: Redactor
  readonly #what: string
  readonly #invalid = new Set<number>()
  /** 1 for texts that need no second look: they are UTF-8, and stored as they come. */
  #settled = new Uint8Array(INITIAL_IDS)
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
    const known = this.column.dictionary.find(source, start, stop)
    // Nearly every text came before.
    if (known !== -1 && this.#settled[known] === 1) return known
    // What must not be stored must not get into the dictionary either.
    const suspects = this.#redactor.suspects(source, start, stop)
    if (suspects !== 0 && isUtf8(source.subarray(start, stop))) {
      const text = Buffer.from(this.#redactor.replaced(source, start, stop, suspects) ?? '')
      return this.#guardedId(text, 0, text.length)
    }
    const id = this.#guardedId(source, start, stop)
    if (this.isValid(id) && this.column.dictionary.is(id, source, start, stop)) this.#settle(id)
    return id
  }

  append(source: Buffer, start: number, stop: number): void {
    this.column.ids.push(this.idOf(source, start, stop))
  }

  isValid(id: number): boolean {
    return !this.#invalid.has(id)
  }

  #settle(id: number): void {
    if (id >= this.#settled.length) {
      const settled = new Uint8Array(Math.max(this.#settled.length * 2, id + 1))
      settled.set(this.#settled)
      this.#settled = settled
    }
    this.#settled[id] = 1
  }

  /** Begins a block; with a guard further values than it admits are replaced. */
  clear(tally?: Tally, guard?: GuardedKey): void {
    this.#invalid.clear()
    if (this.#settled.length > MAX_KEPT_IDS) this.#settled = new Uint8Array(INITIAL_IDS)
    else this.#settled.fill(0)
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
