import { expect, test } from 'vitest'
import { addColumnsAndIndexes, createTable } from '../src/schema/render.ts'
import { insertColumns, type TableDefinition } from '../src/schema/table.ts'
import { tableNames, tables } from '../src/tables/tables.ts'

const table: TableDefinition = {
  name: 'visits',
  columns: [
    { name: 'Id', type: 'UInt64' },
    { name: 'Steps', nested: [{ name: 'At', type: 'DateTime' }] },
    { name: 'Day', type: 'Date', materialized: 'today()' },
    { name: 'Twice', type: 'UInt64', alias: 'Id * 2' },
    { name: 'Note', type: 'String', default: `'none'`, since: 2 },
  ],
  indexes: [{ name: 'idx_note', expression: 'Note', type: 'minmax', since: 2 }],
  engine: 'MergeTree',
  orderBy: 'Id',
  shardingKey: 'Id',
}
const single = { database: 'd', flavour: { kind: 'single' } } as const
const cluster = { database: 'd', flavour: { kind: 'cluster', cluster: 'c' } } as const

test('a column that a later migration adds is left out of the first and added by its own, on a cluster to both tables', () => {
  expect(createTable(table, single, 1)[0]).not.toContain('Note')
  expect(addColumnsAndIndexes(table, single, 2)).toEqual([
    "ALTER TABLE `d`.`visits` ADD COLUMN IF NOT EXISTS `Note` String DEFAULT 'none', ADD INDEX IF NOT EXISTS idx_note Note TYPE minmax",
  ])
  expect(addColumnsAndIndexes(table, cluster, 2)).toEqual([
    "ALTER TABLE `d`.`visits_local` ON CLUSTER `c` ADD COLUMN IF NOT EXISTS `Note` String DEFAULT 'none', ADD INDEX IF NOT EXISTS idx_note Note TYPE minmax",
    "ALTER TABLE `d`.`visits` ON CLUSTER `c` ADD COLUMN IF NOT EXISTS `Note` String DEFAULT 'none'",
  ])
})

test('an insert names stored columns: arrays of nested ones, nothing that the server computes', () => {
  expect(insertColumns(table)).toEqual([
    { name: 'Id', type: 'UInt64' },
    { name: 'Steps.At', type: 'Array(DateTime)' },
    { name: 'Note', type: 'String' },
  ])
})

test('names for queries are the names of the tables', () => {
  expect(tableNames).toEqual(Object.fromEntries(Object.entries(tables).map(([key, each]) => [key, each.name])))
})
