import type { ColumnBuilder } from './column-builder.ts'
import { GrowableIndexes } from './growable-indexes.ts'
import type { NativeValue } from './native-type.ts'

/** Array: for each row where its items end, as UInt64 counted over the whole column; then all the items as one column. */
export class ArrayColumn<Items extends ColumnBuilder = ColumnBuilder> implements ColumnBuilder {
  readonly items: Items
  readonly #ends = new GrowableIndexes()

  constructor(items: Items) {
    this.items = items
  }

  get rows(): number {
    return this.#ends.length
  }

  append(value: NativeValue): void {
    for (const item of value as readonly NativeValue[]) this.items.append(item)
    this.endRow()
  }

  /** Ends a row: its items are those added to `items` since the row before. */
  endRow(): void {
    this.#ends.push(this.items.rows)
  }

  get prefixBytes(): number {
    return this.items.prefixBytes
  }

  get dataBytes(): number {
    return this.rows * 8 + this.items.dataBytes
  }

  writePrefix(out: Buffer, at: number): number {
    return this.items.writePrefix(out, at)
  }

  writeData(out: Buffer, at: number): number {
    return this.items.writeData(out, writeOffsets(out, at, this.#ends))
  }

  clear(): void {
    this.#ends.clear()
    this.items.clear()
  }
}

/** Writes where the rows of an Array or Map end; returns where that ends. */
export function writeOffsets(out: Buffer, at: number, { values, length }: GrowableIndexes): number {
  const view = new DataView(out.buffer, out.byteOffset, out.byteLength)
  let end = at
  for (let row = 0; row < length; row++, end += 8) {
    view.setUint32(end, values[row]!, true)
    view.setUint32(end + 4, 0, true)
  }
  return end
}
