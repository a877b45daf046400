import { writeOffsets } from './array-column.ts'
import type { ColumnBuilder } from './column-builder.ts'
import { EncodedTexts } from './encoded-texts.ts'
import { GrowableIndexes } from './growable-indexes.ts'
import { LowCardinalityColumn } from './low-cardinality-column.ts'
import type { NativeValue } from './native-type.ts'
import { StringColumn } from './string-column.ts'

/** One row of a map column, encoded once and then added as often as needed. */
export interface MapRow {
  readonly keys: Uint32Array
  readonly values: EncodedTexts
}

/** Map(LowCardinality(String), String): laid out as an array of pairs, the keys as one column and the values as another. */
export class MapColumn implements ColumnBuilder {
  readonly prefixBytes = 8
  readonly keys = new LowCardinalityColumn()
  readonly values = new StringColumn()
  readonly #ends = new GrowableIndexes()

  get rows(): number {
    return this.#ends.length
  }

  append(value: NativeValue): void {
    for (const [key, item] of value as readonly (readonly [NativeValue, NativeValue])[]) {
      this.keys.append(key)
      this.values.append(item)
    }
    this.endRow()
  }

  /** Ends a row: its pairs are those added to `keys` and `values` since the row before. */
  endRow(): void {
    this.#ends.push(this.keys.rows)
  }

  /** Adds a row that `takeRow` gave. */
  appendRow({ keys, values }: MapRow): void {
    const { ids } = this.keys
    ids.reserve(keys.length)
    for (let at = 0; at < keys.length; at++) ids.values[ids.length + at] = keys[at]!
    ids.length += keys.length
    this.values.appendEncoded(values, keys.length)
    this.endRow()
  }

  /** Takes the pairs since the last row out again, as a row for `appendRow`. `valuesStart` is what `values.data.length` was before them. */
  takeRow(valuesStart: number): MapRow {
    const { ids } = this.keys
    const start = this.rows === 0 ? 0 : this.#ends.values[this.rows - 1]!
    const keys = ids.values.slice(start, ids.length)
    const values = new EncodedTexts(this.values.data.bytes.subarray(valuesStart, this.values.data.length))
    ids.length = start
    this.values.rows = start
    this.values.data.length = valuesStart
    return { keys, values }
  }

  /** A row that `takeRow` of another column gave, for `appendRow` of this one. */
  adoptRow({ keys, values }: MapRow, from: MapColumn): MapRow {
    return { keys: keys.map((id) => this.keys.dictionary.idFrom(from.keys.dictionary, id)), values }
  }

  /** Calls back for each pair of a row that `takeRow` gave: the number of the key, and the value as it is written, whose text begins at `start`. */
  forEachValue({ keys, values: { bytes } }: MapRow, each: (key: number, encoded: Buffer, start: number) => void): void {
    let at = 0
    for (const key of keys) {
      let text = at
      let length = 0
      for (let scale = 1; ; scale *= 128) {
        const byte = bytes[text++]!
        length += (byte & 0x7f) * scale
        if (byte < 0x80) break
      }
      each(key, bytes.subarray(at, text + length), text - at)
      at = text + length
    }
  }

  get dataBytes(): number {
    return this.rows * 8 + this.keys.dataBytes + this.values.dataBytes
  }

  writePrefix(out: Buffer, at: number): number {
    return this.keys.writePrefix(out, at)
  }

  writeData(out: Buffer, at: number): number {
    return this.values.writeData(out, this.keys.writeData(out, writeOffsets(out, at, this.#ends)))
  }

  clear(): void {
    this.#ends.clear()
    this.keys.clear()
    this.values.clear()
  }
}
