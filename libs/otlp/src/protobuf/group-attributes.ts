import type { MapColumn, MapRow } from '@ballast/clickhouse'
import type { Tally } from '../record/tally.ts'
import type { TranscodeOptions } from '../transcoded-block.ts'
import { STRING } from './any-value-range.ts'
import { type AttributeTraits, AttributeWriter } from './attribute-writer.ts'
import type { Flaw } from './flaw.ts'
import type { ValueWriter } from './value-writer.ts'

/** Attributes of resources or scopes: encoded once, then copied into each row. */
export class GroupAttributes {
  readonly #writer: AttributeWriter

  constructor(column: MapColumn, flaw: Flaw, values: ValueWriter, traits?: AttributeTraits) {
    this.#writer = new AttributeWriter(column, flaw, values, traits)
  }

  /** Begins a block. */
  clear(options: TranscodeOptions): void {
    this.#writer.clear(options)
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

  /** The text of the watched key as it is stored in a row that `take` gave; `undefined` if there is none or it came as no text. */
  watchedText(row: MapRow): string | undefined {
    if (this.#writer.watched?.kind !== STRING) return undefined
    let text: string | undefined
    this.#writer.column.forEachValue(row, (key, encoded, start) => {
      if (key === this.#writer.watchedId) text = encoded.toString('utf8', start)
    })
    return text
  }
}
