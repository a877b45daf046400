import { createSince } from './create-since.ts'
import type { Migration } from './migration.ts'

/** The roll-ups that dashboards read, and the views that fill them. Rows that were stored before are not in them. */
export const rollUps: Migration = {
  version: 2,
  name: 'roll-ups',
  statements: (target) => createSince(2, target),
}
