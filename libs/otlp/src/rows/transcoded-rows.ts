import { insertColumns, type TableDefinition } from '@ballast/clickhouse'
import type { Tally } from '../record/tally.ts'
import type { Transcoded } from '../transcoded-block.ts'

/** Puts rows of one table, one JSON object a line, together with what was counted on the way. */
export function transcodedRows(table: TableDefinition, rows: readonly string[], tally: Tally): Transcoded {
  const columns = insertColumns(table).map((column) => column.name)
  const block = { table: table.name, columns, format: 'JSONEachRow', body: Buffer.from(rows.join('')), rows: rows.length } as const
  return { blocks: rows.length === 0 ? [] : [block], rows: rows.length, ...tally.outcome() }
}
