import type { ColumnBuilder } from './column-builder.ts'
import type { FixedWidth } from './fixed-width.ts'
import { GrowableBytes } from './growable-bytes.ts'
import type { NativeValue } from './native-type.ts'

/** Numbers, times, enums, FixedString: every value has the same width. */
export class FixedColumn implements ColumnBuilder {
  readonly prefixBytes = 0
  readonly #data = new GrowableBytes()
  readonly #width: FixedWidth

  constructor(width: FixedWidth) {
    this.#width = width
  }

  get rows(): number {
    return this.#data.length / this.#width.bytes
  }

  append(value: NativeValue): void {
    const data = this.#data
    data.reserve(this.#width.bytes)
    this.#width.write(data.view, data.length, value)
    data.length += this.#width.bytes
  }

  /** Adds one byte. */
  append8(value: number): void {
    const data = this.#data
    data.reserve(1)
    data.bytes[data.length++] = value
  }

  /** Adds four bytes: a number from -2^31 to 2^32 - 1. */
  append32(value: number): void {
    const data = this.#data
    data.reserve(4)
    data.view.setInt32(data.length, value, true)
    data.length += 4
  }

  /** Adds a Float64. */
  appendDouble(value: number): void {
    const data = this.#data
    data.reserve(8)
    data.view.setFloat64(data.length, value, true)
    data.length += 8
  }

  /** Adds the values that are `source[start, end)`, little end first: as many as there are. */
  appendBytes(source: Buffer, start: number, end: number): void {
    const data = this.#data
    data.reserve(end - start)
    source.copy(data.bytes, data.length, start, end)
    data.length += end - start
  }

  /** Adds eight bytes, given as two halves so that no bigint is made. */
  append64(low: number, high: number): void {
    const data = this.#data
    data.reserve(8)
    data.view.setUint32(data.length, low, true)
    data.view.setUint32(data.length + 4, high, true)
    data.length += 8
  }

  get dataBytes(): number {
    return this.#data.length
  }

  writePrefix(_out: Buffer, at: number): number {
    return at
  }

  writeData(out: Buffer, at: number): number {
    this.#data.bytes.copy(out, at, 0, this.#data.length)
    return at + this.#data.length
  }

  clear(): void {
    this.#data.clear()
  }
}
