import { complement } from '../burn/fraction.ts'
import { tiersFor } from '../burn/tier.ts'
import type { TierCatalog } from '../burn/tier-catalog.ts'
import { occurrences } from '../objective/budgeting.ts'
import { weightedMean } from '../objective/composite.ts'
import type { Objective } from '../objective/objective.ts'
import type { Alerts } from './alert-policy.ts'
import type { SloDocument } from './slo-document.ts'

/** What alerts of the parts of a whole are: the whole alerts, so one fault is told once. */
export const partAlerts: Alerts = { wishes: { breaching: false, noData: false } }

/** Whether the objectives of an SLO make a whole by their weights: they are several, each with an indicator of its own. */
export function isWeighted({ indicator, objectives }: SloDocument): boolean {
  return indicator === undefined && objectives.length > 1
}

/**
 * The whole of an SLO whose objectives have indicators of their own. A part spends of the budget of all by its weight: the error ratio is
 * `Σ wᵢ·eᵢ / Σ wᵢ` over the parts with events, the budget `Σ wᵢ·bᵢ / Σ wᵢ`, and so the burn rate `Σ wᵢ·eᵢ / Σ wᵢ·bᵢ`.
 *
 * @param parts - the objectives of the SLO, in its order.
 */
export function weightedObjective({ metadata, service, period, annotations, objectives, field }: SloDocument, parts: readonly Objective[], alerts: Alerts, catalog: TierCatalog): Objective {
  const weights = objectives.map(({ weight }) => weight)
  const budget = weightedMean(parts.map((part, index) => ({ value: part.budget, weight: weights[index]! })))
  const { tiers, refusals, warnings } = tiersFor(catalog, { budget, period, ...alerts })
  for (const warning of [...refusals, ...warnings]) field.warn(`makes a whole of objectives by weight, with a target and period with which ${warning}`)
  const { name, displayName, runbookUrl } = metadata
  const { grouping: _, ...rest } = annotations
  return {
    name,
    slo: name,
    service: service.name,
    displayName,
    target: complement(budget),
    budget,
    period,
    // Its proof is that of its first part.
    indicator: parts[0]!.indicator,
    budgeting: occurrences,
    ...rest,
    tiers,
    corrections: [],
    revisions: [],
    ...alerts,
    composite: { combination: 'weighted', parts: parts.map((part, index) => ({ objective: { ...part, tiers, revisions: [] }, weight: weights[index]! })) },
    runbookUrl,
  }
}
