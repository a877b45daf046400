import { initialSchema } from './0001-initial-schema.ts'
import { rollUps } from './0002-roll-ups.ts'
import { sloMeasurements } from './0003-slo-measurements.ts'
import { sloAlerts } from './0004-slo-alerts.ts'
import { ingestTenants } from './0005-ingest-tenants.ts'
import type { Migration } from './migration.ts'

/** Every migration, in order. */
export const migrations: readonly Migration[] = [initialSchema, rollUps, sloMeasurements, sloAlerts, ingestTenants]
