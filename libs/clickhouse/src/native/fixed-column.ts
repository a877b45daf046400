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
