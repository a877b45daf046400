import { initialSchema } from './0001-initial-schema.ts'
import type { Migration } from './migration.ts'

/** Every migration, in order. */
export const migrations: readonly Migration[] = [initialSchema]
