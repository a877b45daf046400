import { createSince } from './create-since.ts'
import type { Migration } from './migration.ts'

/** API keys, and the ledger of what became of records. */
export const ingestTenants: Migration = {
  version: 5,
  name: 'ingest-tenants',
  statements: (target) => createSince(5, target),
}
