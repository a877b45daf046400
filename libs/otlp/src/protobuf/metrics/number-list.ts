import type { ArrayColumn, FixedColumn } from '@ballast/clickhouse'
import { OtlpError } from '../../errors.ts'
import { FieldRanges } from '../field-range.ts'
import { WireReader } from '../wire-reader.ts'

const FIXED_BYTES = 8

/** A repeated number, which may come packed into LEN fields, one by one, or both. */
export class NumberList {
  readonly #parts = new FieldRanges()
  readonly #reader = new WireReader()

  clear(): void {
    this.#parts.clear()
  }

  /** Takes the reader's current field, a LEN field of 8-byte numbers. */
  takePackedFixed(reader: WireReader): void {
    this.#parts.take(reader)
    const bytes = reader.stop - reader.start
    if (bytes % FIXED_BYTES !== 0) throw new OtlpError('INVALID_PROTOBUF', `the body is not a protobuf message: it has ${bytes} bytes of packed 8-byte numbers at byte ${reader.start}.`)
  }

  /** Takes the reader's current field, one 8-byte number. */
  takeFixed(reader: WireReader): void {
    const start = reader.at
    reader.fixed64()
    this.#parts.add(start, reader.at)
  }

  /** Takes the reader's current field, a LEN field of varints. */
  takePackedVarints(reader: WireReader): void {
    this.#parts.take(reader)
  }

  /** Takes the reader's current field, one varint. */
  takeVarint(reader: WireReader): void {
    const start = reader.at
    reader.varint()
    this.#parts.add(start, reader.at)
  }

  /** Adds a row of the 8-byte numbers, which lie in memory as the column has them. */
  writeFixed(column: ArrayColumn<FixedColumn>, source: Buffer): void {
    const parts = this.#parts
    for (let part = 0; part < parts.count; part++) column.items.appendBytes(source, parts.start(part), parts.stop(part))
    column.endRow()
  }

  /** Adds a row of the varints. */
  writeVarints(column: ArrayColumn<FixedColumn>, source: Buffer): void {
    const parts = this.#parts
    for (let part = 0; part < parts.count; part++) {
      const stop = parts.stop(part)
      const reader = this.#reader.open(source, parts.start(part), stop)
      while (reader.at < stop) {
        reader.varint()
        column.items.append64(reader.low, reader.high)
      }
    }
    column.endRow()
  }
}
