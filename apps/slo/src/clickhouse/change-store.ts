import { randomUUID } from 'node:crypto'
import { type ClickHouse, tableNames } from '@ballast/clickhouse'
import { z } from 'zod'
import type { Change, ChangeLog } from '../corrections/change.ts'

const changeRow = z.object({
  atMs: z.coerce.number(),
  kind: z.enum(['objective', 'correction']),
  name: z.string(),
  sequence: z.number(),
  action: z.enum(['added', 'changed', 'removed']),
  definition: z.string(),
  budgetBefore: z.record(z.string(), z.number()),
  budgetAfter: z.record(z.string(), z.number()),
})

/** Changes of definitions as rows of `ballast_slo_changes`. */
export class ChangeStore implements ChangeLog {
  readonly #clickhouse: ClickHouse

  constructor(clickhouse: ClickHouse) {
    this.#clickhouse = clickhouse
  }

  async read(signal: AbortSignal): Promise<readonly Change[]> {
    const rows = await this.#clickhouse.query<unknown>({
      query: `SELECT toUnixTimestamp64Milli(ChangedAt) AS atMs, Kind AS kind, Name AS name, Sequence AS sequence, Action AS action, Definition AS definition, BudgetBefore AS budgetBefore, BudgetAfter AS budgetAfter FROM ${tableNames.sloChanges} FINAL ORDER BY ChangedAt, Sequence`,
      settings: { readonly: 1 },
      signal,
    })
    return rows.map((row) => changeRow.parse(row))
  }

  async append(changes: readonly Change[], signal: AbortSignal): Promise<void> {
    const lines = changes.map(({ atMs, kind, name, sequence, action, definition, budgetBefore, budgetAfter }) =>
      JSON.stringify({ ChangedAt: (atMs / 1000).toFixed(3), Kind: kind, Name: name, Sequence: sequence, Action: action, Definition: definition, BudgetBefore: budgetBefore, BudgetAfter: budgetAfter }),
    )
    await this.#clickhouse.insertBlock({ table: tableNames.sloChanges, columns: ['ChangedAt', 'Kind', 'Name', 'Sequence', 'Action', 'Definition', 'BudgetBefore', 'BudgetAfter'], format: 'JSONEachRow', body: Buffer.from(`${lines.join('\n')}\n`), deduplicationToken: randomUUID(), signal })
  }
}
