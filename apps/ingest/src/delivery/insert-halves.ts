import { NativeRows } from '@ballast/clickhouse'
import type { PlannedInsert } from './insert-plan.ts'

/**
 * An insert in two: half of its requests each, or of its one request half of the rows each; `undefined` when it cannot be divided.
 * The same insert is divided in the same way each time, and its halves have tokens of their own, so a repeat of them counts once.
 */
export function halve({ blocks, token }: PlannedInsert): readonly [PlannedInsert, PlannedInsert] | undefined {
  const [first, second] = blocks.length > 1 ? halfOf(blocks) : rowsInTwo(blocks[0]!)
  if (first === undefined || second === undefined) return undefined
  return [{ blocks: first, token: `${token}.0` }, { blocks: second, token: `${token}.1` }]
}

function rowsInTwo(block: PlannedInsert['blocks'][number]): readonly (PlannedInsert['blocks'] | undefined)[] {
  if (block.rows < 2 || block.format !== 'Native') return []
  const rows = new NativeRows(block.body)
  const middle = rows.count >> 1
  return [[{ ...block, body: rows.slice(0, middle), rows: middle }], [{ ...block, body: rows.slice(middle, rows.count), rows: rows.count - middle }]]
}

function halfOf<T>(items: readonly T[]): readonly [readonly T[], readonly T[]] {
  const middle = items.length >> 1
  return [items.slice(0, middle), items.slice(middle)]
}
