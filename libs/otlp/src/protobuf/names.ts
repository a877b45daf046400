import type { LowCardinalityColumn } from '@ballast/clickhouse'
import type { Tally } from '../record/tally.ts'

/** Writes enum numbers as names; an unknown number is the first name, and counted. */
export class Names {
  readonly #column: LowCardinalityColumn
  readonly #names: readonly string[]
  readonly #ids: Int32Array

  constructor(column: LowCardinalityColumn, names: readonly string[]) {
    this.#column = column
    this.#names = names
    this.#ids = new Int32Array(names.length)
    this.clear()
  }

  clear(): void {
    this.#ids.fill(-1)
  }

  append(value: number, tally: Tally): void {
    let known = value
    if (value < 0 || value >= this.#names.length) {
      tally.warn('enum_unknown')
      known = 0
    }
    let id = this.#ids[known]!
    if (id === -1) {
      id = this.#column.idOfText(this.#names[known]!)
      this.#ids[known] = id
    }
    this.#column.ids.push(id)
  }
}
