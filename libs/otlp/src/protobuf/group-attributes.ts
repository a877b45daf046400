import type { MapColumn, MapRow } from '@ballast/clickhouse'
import type { Tally } from '../record/tally.ts'
import { AttributeWriter } from './attribute-writer.ts'
import type { Flaw } from './flaw.ts'
import type { ValueWriter } from './value-writer.ts'

/** Attributes of resources or scopes: encoded once, then copied into each row. */
export class GroupAttributes {
  readonly #writer: AttributeWriter

  constructor(column: MapColumn, flaw: Flaw, values: ValueWriter) {
    this.#writer = new AttributeWriter(column, flaw, values)
  }

  /** Forgets what belongs to the last block. */
  clear(): void {
    this.#writer.clear()
  }

  /** Begins a group. */
  begin(): void {
    this.#writer.begin()
  }

  /** Takes note of the KeyValue that is `source[start, stop)`. */
  add(source: Buffer, start: number, stop: number): void {
    this.#writer.add(source, start, stop)
  }

  /** The group's attributes as a row for the map column. */
  take(source: Buffer, tally: Tally): MapRow {
    const { column } = this.#writer
    const valuesStart = column.values.data.length
    this.#writer.writePairs(source, tally)
    return column.takeRow(valuesStart)
  }

  /** The text of the first attribute with this key; `undefined` if there is none or it is no text. */
  text(source: Buffer, key: Buffer): string | undefined {
    return this.#writer.text(source, key)
  }
}
