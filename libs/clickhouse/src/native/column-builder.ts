import type { NativeValue } from './native-type.ts'

/** Collects the values of one column and writes them as the Native format wants them. */
export interface ColumnBuilder {
  /** Values so far. */
  readonly rows: number
  /** Adds a value given as JavaScript has it: for tests, and for columns that are not hot. */
  append(value: NativeValue): void
  /** Bytes that come before the data of the whole column, however deep the part that needs them lies. */
  readonly prefixBytes: number
  writePrefix(out: Buffer, at: number): number
  /** Bytes of the data without the prefix. */
  readonly dataBytes: number
  /** Writes the data from `at` on; returns where it ends. */
  writeData(out: Buffer, at: number): number
  /** Forgets the values, keeps the memory. */
  clear(): void
}
