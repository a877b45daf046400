import { createHash } from 'node:crypto'
import type { JournalRecord } from '../journal/journal-record.ts'
import type { Block } from './block-store.ts'

/** The rows of one request in an insert. */
export interface PlannedBlock extends Block {
  readonly record: JournalRecord
}

/** One insert of a segment. */
export interface PlannedInsert {
  readonly blocks: readonly PlannedBlock[]
  /** The same for the same segment, whenever and by whomever it is sent. */
  readonly token: string
}

/** The inserts of a segment: one for each table, in the order of the records. */
export function planInserts(segmentId: string, records: readonly JournalRecord[]): readonly PlannedInsert[] {
  const byLayout = new Map<string, PlannedBlock[]>()
  for (const record of records) {
    for (const block of record.blocks) {
      // Blocks of one table can be put one after another when they have the same columns; those of another version may not.
      const layout = `${block.table}\n${block.format}\n${block.columns.join(',')}`
      const blocks = byLayout.get(layout)
      if (blocks === undefined) byLayout.set(layout, [{ ...block, record }])
      else blocks.push({ ...block, record })
    }
  }
  return [...byLayout].map(([layout, blocks]) => ({ blocks, token: `${segmentId}.${createHash('sha256').update(layout).digest('hex').slice(0, 16)}` }))
}
