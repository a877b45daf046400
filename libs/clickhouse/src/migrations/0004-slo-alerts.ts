import { addColumnsAndIndexes } from '../schema/render.ts'
import { ballastSloEvents } from '../tables/ballast-slo-events.ts'
import type { Migration } from './migration.ts'

/** What an alert is about, and which replica said so. */
export const sloAlerts: Migration = {
  version: 4,
  name: 'slo-alerts',
  statements: (target) => addColumnsAndIndexes(ballastSloEvents, target, 4),
}
