import type { AlertBook, OpenAlert } from '../alert/alert-book.ts'
import { decimalText, type Fraction, multiply } from '../burn/fraction.ts'
import type { EngineState } from '../engine.ts'
import type { Evaluation } from '../objective/evaluation.ts'
import type { Objective } from '../objective/objective.ts'

const HUNDRED: Fraction = { numerator: 100n, denominator: 1n }

/** `burning`: a tier holds, or an alert is not over. `no data`: no event in the whole period, or not measured yet. */
export type ObjectiveStatus = 'ok' | 'burning' | 'no data'

/** An alert as the API shows it. */
export interface AlertView {
  readonly alertId: string
  readonly slo: string
  readonly objective: string
  readonly service: string
  readonly severity: string
  readonly tier: string
  readonly state: 'firing' | 'resolving'
  readonly startedAt: string
  /** Whether its last transition was delivered and recorded. */
  readonly delivered: boolean
  readonly exampleTraceIds: readonly string[]
  readonly runbookUrl: string | null
}

/** An objective as the API shows it. */
export interface ObjectiveView {
  readonly name: string
  readonly slo: string
  readonly service: string
  /** Display name of the objective. */
  readonly objective: string | null
  /** A decimal as text: `0.995`. */
  readonly target: string
  /** The same in percent: `99.5`. */
  readonly targetPercent: string
  /** The rolling period: `30d`. */
  readonly window: string
  readonly good: number
  readonly bad: number
  readonly total: number
  /** `null` without events. */
  readonly sli: number | null
  /** Part of the budget that is left; negative when overspent; `null` without events. */
  readonly budgetRemaining: number | null
  /** Burn rate by window, `null` without events. */
  readonly burn: Readonly<Record<string, number | null>>
  readonly status: ObjectiveStatus
  /** The most severe alert that is not over. */
  readonly alert: AlertView | null
}

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

/** An open alert as JSON. */
export function alertView({ alert, state, firing, delivered }: OpenAlert): AlertView {
  const { slo, service, exampleTraceIds, runbookUrl } = firing.data
  return {
    alertId: alert.id,
    slo,
    objective: alert.objective,
    service,
    severity: alert.severity,
    tier: alert.tier,
    state,
    startedAt: new Date(alert.startedAtMs).toISOString(),
    delivered,
    exampleTraceIds,
    runbookUrl,
  }
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
    status: statusOf(evaluation, alert),
    alert: alert === undefined ? null : alertView(alert),
  }
}

function statusOf(evaluation: Evaluation | undefined, alert: OpenAlert | undefined): ObjectiveStatus {
  if (alert !== undefined || (evaluation?.holding.size ?? 0) > 0) return 'burning'
  return evaluation === undefined || evaluation.period.total === 0 ? 'no data' : 'ok'
}
