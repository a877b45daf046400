import { createMaterializedView, createTable } from '../schema/render.ts'
import type { SchemaTarget } from '../schema/target.ts'
import { materializedViews, tables } from '../tables/tables.ts'

/** The statements that create every table and view of one version; views last, since they need both of their tables. */
export function createSince(version: number, target: SchemaTarget): readonly string[] {
  const ofVersion = (each: { readonly since?: number }): boolean => (each.since ?? 1) === version
  return [
    ...Object.values(tables).filter(ofVersion).flatMap((table) => createTable(table, target, version)),
    ...materializedViews.filter(ofVersion).map((view) => createMaterializedView(view, target)),
  ]
}
