import { budgetRemaining, type Counts } from '../burn/burn-rate.ts'
import type { EngineState } from '../engine.ts'
import type { Objective } from '../objective/objective.ts'
import type { ObjectiveHistory } from './history-view.ts'

/** Where counts of the past come from. */
export interface CountsHistory {
  /** Events of `count` steps of `stepMs` that end at the watermark, oldest first. */
  steps(objective: Objective, stepMs: number, count: number): Promise<readonly Counts[]>
}

/** Steps of a chart. */
const STEPS = 120

/**
 * The period of an objective in steps. The budget at each step is that of the events from the beginning of the period up to it, over the
 * budget of all events of the period: it goes down as bad events come, and its end is the budget that is left now.
 */
export async function objectiveHistory(objective: Objective, { watermarkMs = 0 }: Pick<EngineState, 'watermarkMs'>, history: CountsHistory): Promise<ObjectiveHistory> {
  const stepMs = objective.period.ms / STEPS
  const steps = await history.steps(objective, stepMs, STEPS)
  const total = steps.reduce((sum, step) => sum + step.total, 0)
  const fromMs = watermarkMs - objective.period.ms
  let bad = 0
  const points = steps.map((step, index) => {
    bad += step.total - step.good
    return { at: new Date(fromMs + (index + 1) * stepMs).toISOString(), good: step.good, total: step.total, budgetRemaining: budgetRemaining({ good: total - bad, total }, objective.budget) ?? null }
  })
  return { from: new Date(fromMs).toISOString(), to: new Date(watermarkMs).toISOString(), stepMs, points, coverage: steps.length === 0 ? 0 : steps.filter((step) => step.total > 0).length / steps.length }
}
