import { ClickHouseError } from '../errors.ts'
import { ByteReader } from './byte-reader.ts'
import type { NativeValue } from './native-type.ts'
import { readColumn } from './read-column.ts'

/** A block of the Native format, column by column. */
export interface NativeBlock {
  readonly rows: number
  readonly columns: readonly { readonly name: string; readonly type: string; readonly values: readonly NativeValue[] }[]
}

/**
 * Reads the blocks of a Native stream: for tests and tools, not for speed.
 *
 * @throws ClickHouseError `BAD_DATA` when the bytes are no such stream or hold a type that our tables do not use.
 */
export function readNativeBlocks(bytes: Uint8Array): readonly NativeBlock[] {
  const reader = new ByteReader(bytes)
  const blocks: NativeBlock[] = []
  while (!reader.done) {
    const columns = reader.varint()
    const rows = reader.varint()
    blocks.push({
      rows,
      columns: Array.from({ length: columns }, () => {
        const name = reader.string()
        const type = reader.string()
        return { name, type, values: rows === 0 ? [] : readColumn(reader, type, rows) }
      }),
    })
  }
  return blocks
}

/** The rows of all blocks, as objects with a field for each column. */
export function readNativeRows(bytes: Uint8Array): readonly Readonly<Record<string, NativeValue>>[] {
  return readNativeBlocks(bytes).flatMap(({ rows, columns }) =>
    Array.from({ length: rows }, (_, row) => Object.fromEntries(columns.map((column) => [column.name, valueAt(column.values, row)]))),
  )
}

function valueAt(values: readonly NativeValue[], row: number): NativeValue {
  const value = values[row]
  if (value === undefined) throw new ClickHouseError('BAD_DATA', `a column of a Native block ends before row ${row}.`)
  return value
}
