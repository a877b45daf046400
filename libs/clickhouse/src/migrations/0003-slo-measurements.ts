import { createSince } from './create-since.ts'
import type { Migration } from './migration.ts'

/** What the SLO engine measures: counts by minute and hour, how far each series is measured, and what changed in its definitions. */
export const sloMeasurements: Migration = {
  version: 3,
  name: 'slo-measurements',
  statements: (target) => createSince(3, target),
}
