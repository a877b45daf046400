import { createMaterializedView, createTable } from '../schema/render.ts'
import { materializedViews, tables } from '../tables/tables.ts'
import type { Migration } from './migration.ts'

/** Every table and view of the first version. */
export const initialSchema: Migration = {
  version: 1,
  name: 'initial-schema',
  statements: (target) => [
    ...Object.values(tables).flatMap((table) => createTable(table, target, 1)),
    ...materializedViews.map((view) => createMaterializedView(view, target)),
  ],
}
