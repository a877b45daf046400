import { isUtf8 } from 'node:buffer'
import type { LowCardinalityColumn } from '@ballast/clickhouse'
import type { Flaw } from './flaw.ts'

/** Numbers of texts in a column's dictionary. Each distinct text is checked once, however often it comes. */
export class TextIds {
  readonly column: LowCardinalityColumn
  readonly #flaw: Flaw
  readonly #what: string
  readonly #invalid = new Set<number>()

  constructor(column: LowCardinalityColumn, flaw: Flaw, what: string) {
    this.column = column
    this.#flaw = flaw
    this.#what = what
  }

  /** Number of `source[start, stop)`; a flaw if that is not UTF-8. */
  idOf(source: Buffer, start: number, stop: number): number {
    const { dictionary } = this.column
    const known = dictionary.size
    const id = dictionary.idOf(source, start, stop)
    if (id === known && !isUtf8(source.subarray(start, stop))) this.#invalid.add(id)
    if (this.#invalid.size > 0 && this.#invalid.has(id)) this.#flaw.notUtf8(this.#what)
    return id
  }

  append(source: Buffer, start: number, stop: number): void {
    this.column.ids.push(this.idOf(source, start, stop))
  }

  isValid(id: number): boolean {
    return !this.#invalid.has(id)
  }

  clear(): void {
    this.#invalid.clear()
  }
}
