import type { FixedColumn } from '@ballast/clickhouse'
import type { WireReader } from '../wire-reader.ts'

/** A singular 8-byte number on its way into its column; zero until it is seen, as the Collector stores what is not set. */
export class Fixed64 {
  readonly #column: FixedColumn
  #low = 0
  #high = 0

  constructor(column: FixedColumn) {
    this.#column = column
  }

  /** Takes the reader's current field. */
  take(reader: WireReader): void {
    reader.fixed64()
    this.#low = reader.low
    this.#high = reader.high
  }

  clear(): void {
    this.#low = this.#high = 0
  }

  /** Adds it to the column. */
  write(): void {
    this.#column.append64(this.#low, this.#high)
  }
}
