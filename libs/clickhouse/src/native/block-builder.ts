import { type InsertColumn, insertColumns, type TableDefinition } from '../schema/table.ts'
import { ArrayColumn } from './array-column.ts'
import type { ColumnBuilder } from './column-builder.ts'
import { createColumn } from './create-column.ts'
import type { NativeValue } from './native-type.ts'
import { encodeString } from './encoded-texts.ts'
import { varintBytes, writeVarint } from './varint.ts'

/**
 * Builds blocks of the Native format: number of columns, number of rows, then each column: its name, its type, its prefix, its
 * data. Blocks may follow each other in one insert. The memory is reused from block to block; what `finish` returns is not.
 */
export class BlockBuilder {
  readonly columnNames: readonly string[]
  readonly #columns: readonly ColumnBuilder[]
  readonly #headers: readonly Buffer[]

  constructor(columns: readonly InsertColumn[]) {
    this.columnNames = columns.map((column) => column.name)
    this.#columns = columns.map((column) => createColumn(column.type))
    this.#headers = columns.map((column) => Buffer.concat([encodeString(column.name), encodeString(column.type)]))
  }

  /** A builder for all columns of a table that can be inserted. */
  static forTable(table: TableDefinition): BlockBuilder {
    return new BlockBuilder(insertColumns(table))
  }

  /** The column with this name, which must be of class `type`. */
  column<C extends ColumnBuilder>(name: string, type: abstract new (...args: never[]) => C): C {
    const column = this.#columns[this.columnNames.indexOf(name)]
    if (!(column instanceof type)) throw new TypeError(`there is no column ${name} that is a ${type.name}`)
    return column
  }

  /** The Array column with this name, which must have items of class `type`. */
  arrayColumn<C extends ColumnBuilder>(name: string, type: abstract new (...args: never[]) => C): ArrayColumn<C> {
    const column = this.column<ArrayColumn<ColumnBuilder>>(name, ArrayColumn)
    if (!hasItems(column, type)) throw new TypeError(`the items of column ${name} are no ${type.name}`)
    return column
  }

  get rows(): number {
    return this.#columns[0]?.rows ?? 0
  }

  /** Adds a value to one column: for tests, and for blocks that are not hot. */
  append(name: string, value: NativeValue): void {
    const column = this.#columns[this.columnNames.indexOf(name)]
    if (column === undefined) throw new TypeError(`there is no column ${name}`)
    column.append(value)
  }

  /** Forgets the rows. */
  clear(): void {
    for (const column of this.#columns) column.clear()
  }

  /** The block. Every column must have as many rows. */
  finish(): Buffer {
    const { rows } = this
    let size = varintBytes(this.#columns.length) + varintBytes(rows)
    this.#columns.forEach((column, index) => {
      if (column.rows !== rows) throw new TypeError(`column ${this.columnNames[index]} has ${column.rows} rows, the first one has ${rows}`)
      size += this.#headers[index]!.length + (rows === 0 ? 0 : column.prefixBytes + column.dataBytes)
    })
    const out = Buffer.allocUnsafeSlow(size)
    let at = writeVarint(out, writeVarint(out, 0, this.#columns.length), rows)
    this.#columns.forEach((column, index) => {
      at += this.#headers[index]!.copy(out, at)
      // Nothing at all stands for no rows.
      if (rows > 0) at = column.writeData(out, column.writePrefix(out, at))
    })
    return out
  }
}

function hasItems<C extends ColumnBuilder>(column: ArrayColumn, type: abstract new (...args: never[]) => C): column is ArrayColumn<C> {
  return column.items instanceof type
}
