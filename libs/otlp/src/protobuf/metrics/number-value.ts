import type { FixedColumn } from '@ballast/clickhouse'
import type { WireReader } from '../wire-reader.ts'

const UINT32 = 2 ** 32

/** A number that is sent as `as_double` or as `as_int`, and stored as Float64. */
export class NumberValue {
  #isInteger = false
  #low = 0
  #high = 0

  clear(): void {
    this.#isInteger = false
    this.#low = this.#high = 0
  }

  /** Takes the reader's current field for `as_double`. */
  takeDouble(reader: WireReader): void {
    this.#isInteger = false
    this.#take(reader)
  }

  /** Takes the reader's current field for `as_int`. */
  takeInteger(reader: WireReader): void {
    this.#isInteger = true
    this.#take(reader)
  }

  /** Adds it to a column; an integer beyond 2^53 becomes the nearest double. */
  append(column: FixedColumn): void {
    // One addition rounds once, so the nearest double comes out.
    if (this.#isInteger) column.appendDouble((this.#high | 0) * UINT32 + this.#low)
    else column.append64(this.#low, this.#high)
  }

  #take(reader: WireReader): void {
    reader.fixed64()
    this.#low = reader.low
    this.#high = reader.high
  }
}
