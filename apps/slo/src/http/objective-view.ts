import { z } from 'zod'
import type { AlertBook, OpenAlert } from '../alert/alert-book.ts'
import { decimalText, type Fraction, multiply } from '../burn/fraction.ts'
import type { EngineState } from '../engine.ts'
import type { Evaluation } from '../objective/evaluation.ts'
import type { Objective } from '../objective/objective.ts'
import { alertView, alertViewSchema } from './alert-view.ts'

const HUNDRED: Fraction = { numerator: 100n, denominator: 1n }

/** `burning`: a tier holds, or an alert is not over. `no data`: no event in the whole period, or not measured yet. */
export type ObjectiveStatus = ObjectiveView['status']

/** An objective as the API shows it. */
export const objectiveViewSchema = z.object({
  name: z.string(),
  slo: z.string(),
  service: z.string(),
  objective: z.string().nullable().describe('display name of the objective'),
  target: z.string().describe('a decimal as text: 0.995'),
  targetPercent: z.string().describe('the same in percent: 99.5'),
  window: z.string().describe('the period: 30d'),
  good: z.number(),
  bad: z.number(),
  total: z.number(),
  sli: z.number().nullable().describe('good over all events; null without events'),
  budgetRemaining: z.number().nullable().describe('part of the budget that is left; negative when overspent; null without events'),
  burn: z.record(z.string(), z.number().nullable()).describe('burn rate by window; null without events'),
  coverage: z.number().describe('part of the period so far that is measured: below 1 while the past is still being counted'),
  provisionalMs: z.number().describe('time, up to the watermark, in which counts may still change, milliseconds'),
  rowsRead: z.number().describe('rows that the last scan looked at for this objective and those that share them'),
  status: z.enum(['ok', 'burning', 'no data']),
  alert: alertViewSchema.nullable().describe('the most severe alert that is not over'),
})
export type ObjectiveView = Readonly<z.infer<typeof objectiveViewSchema>>

/** Every objective, in the order of the files, measured or not. */
export function objectiveViews(state: EngineState, alerts: Pick<AlertBook, 'open'>): ObjectiveView[] {
  const evaluations = new Map(state.evaluations.map((evaluation) => [evaluation.objective.name, evaluation]))
  const open = alerts.open()
  return (state.set?.objectives ?? []).map((objective) => {
    const mine = open.filter(({ alert }) => alert.objective === objective.name)
    const evaluation = evaluations.get(objective.name)
    // An objective that was just edited is shown as it was measured until it is measured again: figures and target belong together.
    return objectiveView(evaluation?.objective ?? objective, evaluation, mine.find(({ alert }) => alert.severity === 'page') ?? mine[0])
  })
}

function objectiveView(objective: Objective, evaluation: Evaluation | undefined, alert: OpenAlert | undefined): ObjectiveView {
  const { good, total } = evaluation?.period ?? { good: 0, total: 0 }
  return {
    name: objective.name,
    slo: objective.slo,
    service: objective.service,
    objective: objective.displayName ?? null,
    target: decimalText(objective.target),
    targetPercent: decimalText(multiply(objective.target, HUNDRED)),
    window: objective.period.text,
    good,
    bad: total - good,
    total,
    sli: evaluation?.sli ?? null,
    budgetRemaining: evaluation?.budgetRemaining ?? null,
    burn: Object.fromEntries((evaluation?.windows ?? []).map(({ window, burn }) => [window.text, burn ?? null])),
    coverage: evaluation?.coverage ?? 0,
    provisionalMs: evaluation?.provisionalMs ?? 0,
    rowsRead: evaluation?.rowsRead ?? 0,
    status: statusOf(evaluation, alert),
    alert: alert === undefined ? null : alertView(alert),
  }
}

function statusOf(evaluation: Evaluation | undefined, alert: OpenAlert | undefined): ObjectiveStatus {
  if (alert !== undefined || (evaluation?.holding.size ?? 0) > 0) return 'burning'
  return evaluation === undefined || evaluation.period.total === 0 ? 'no data' : 'ok'
}
