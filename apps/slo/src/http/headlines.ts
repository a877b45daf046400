import type { ObjectiveView } from './objective-view.ts'

/** Below this share of budget an objective is at risk; the dashboards have the same limit. */
const LITTLE_BUDGET = 0.25

/** Objectives by how urgent they are; those without events are in none. */
export interface Headlines {
  readonly objectives: number
  readonly healthy: number
  readonly atRisk: number
  readonly exhausted: number
}

/** Counts the objectives as the headline of the dashboard `ballast-slo-overview` does. */
export function headlinesOf(views: readonly ObjectiveView[]): Headlines {
  const measured = views.flatMap(({ budgetRemaining, alert }) => (budgetRemaining === null ? [] : [{ budgetRemaining, hasAlert: alert !== null }]))
  const exhausted = measured.filter(({ budgetRemaining }) => budgetRemaining <= 0).length
  const atRisk = measured.filter(({ budgetRemaining, hasAlert }) => budgetRemaining > 0 && (hasAlert || budgetRemaining < LITTLE_BUDGET)).length
  return { objectives: measured.length, healthy: measured.length - exhausted - atRisk, atRisk, exhausted }
}
