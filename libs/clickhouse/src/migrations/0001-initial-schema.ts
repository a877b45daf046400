import { createSince } from './create-since.ts'
import type { Migration } from './migration.ts'

/** Every table and view of the first version. */
export const initialSchema: Migration = {
  version: 1,
  name: 'initial-schema',
  statements: (target) => createSince(1, target),
}
