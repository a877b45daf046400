import { createHash } from 'node:crypto'
import type { Flavour, SchemaTarget } from '../schema/target.ts'

/** One step of the schema. Applied once, in order of version, and never edited afterwards: a change is a new migration. */
export interface Migration {
  readonly version: number
  readonly name: string
  /** The statements, each safe to run again (`IF NOT EXISTS`), so that a half-applied step and two processes at once are harmless. */
  statements(target: SchemaTarget): readonly string[]
}

/** SHA-256 of a migration's statements. The database's name is left out, so that a copy under another name still matches. */
export function checksum(migration: Migration, flavour: Flavour): string {
  return createHash('sha256').update(migration.statements({ database: 'database', flavour }).join(';\n')).digest('hex')
}
