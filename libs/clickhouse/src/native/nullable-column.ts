import type { ColumnBuilder } from './column-builder.ts'
import { GrowableBytes } from './growable-bytes.ts'
import type { NativeValue } from './native-type.ts'

/** Nullable: one byte a row that says whether it is null, then the values, with any value where it is. */
export class NullableColumn implements ColumnBuilder {
  readonly #values: ColumnBuilder
  readonly #fallback: NativeValue
  readonly #nulls = new GrowableBytes()

  /** `fallback` is what stands in the values where a row is null. */
  constructor(values: ColumnBuilder, fallback: NativeValue) {
    this.#values = values
    this.#fallback = fallback
  }

  get rows(): number {
    return this.#values.rows
  }

  append(value: NativeValue): void {
    this.#nulls.reserve(1)
    this.#nulls.bytes[this.#nulls.length++] = value === null ? 1 : 0
    this.#values.append(value ?? this.#fallback)
  }

  get prefixBytes(): number {
    return this.#values.prefixBytes
  }

  get dataBytes(): number {
    return this.#nulls.length + this.#values.dataBytes
  }

  writePrefix(out: Buffer, at: number): number {
    return this.#values.writePrefix(out, at)
  }

  writeData(out: Buffer, at: number): number {
    this.#nulls.bytes.copy(out, at, 0, this.#nulls.length)
    return this.#values.writeData(out, at + this.#nulls.length)
  }

  clear(): void {
    this.#nulls.clear()
    this.#values.clear()
  }
}
