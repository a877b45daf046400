import { insertColumns, type TableDefinition } from '@ballast/clickhouse'
import type { Tally } from '../record/tally.ts'
import type { TranscodedBlock } from '../transcoded-block.ts'

/** Puts rows, one JSON object a line, together with what was counted on the way. */
export function block(table: TableDefinition, rows: readonly string[], tally: Tally): TranscodedBlock {
  return {
    table: table.name,
    columns: insertColumns(table).map((column) => column.name),
    format: 'JSONEachRow',
    body: Buffer.from(rows.join('')),
    rows: rows.length,
    rejected: { count: tally.rejects.length, reasons: tally.reasons },
    rejects: tally.rejects,
    warnings: tally.warnings,
    redactions: new Map(),
  }
}
