import { fileURLToPath } from 'node:url'
import { complement, parseDecimal } from '../src/burn/fraction.ts'
import { readTierCatalog, type TierCatalog } from '../src/burn/tier-catalog.ts'
import { tiersFor } from '../src/burn/tier.ts'
import { parseWindow } from '../src/burn/window.ts'
import type { RowIndicator } from '../src/measure/indicator.ts'
import { occurrences } from '../src/objective/budgeting.ts'
import { openGates } from '../src/objective/gates.ts'
import type { Objective } from '../src/objective/objective.ts'

/** The catalogue that ships. */
export const shippedCatalog: TierCatalog = readTierCatalog(fileURLToPath(new URL('../../../infra/slo/tiers/30d.json', import.meta.url)))

/** Server spans of `service` that did not fail. */
export function availability(service: string): RowIndicator {
  return { template: 'spans', total: { service, kind: 'Server', conditions: {} }, counts: 'good', conditions: { statusNot: 'Error' } }
}

/** An availability objective. */
export function objective(facts: { readonly name?: string; readonly target?: string; readonly period?: string; readonly catalog?: TierCatalog; readonly service?: string } = {}): Objective {
  const { name = 'checkout', target: targetText = '0.999', period: periodText = '30d', catalog = shippedCatalog, service = 'checkout' } = facts
  const target = parseDecimal(targetText)!
  const budget = complement(target)
  const period = parseWindow(periodText)!
  const { tiers } = tiersFor(catalog, { budget, period })
  return { name, slo: name, service, displayName: undefined, target, budget, period, indicator: availability(service), budgeting: occurrences, noTraffic: 'ignore', gates: openGates, tiers, corrections: [], revisions: [], runbookUrl: undefined }
}
