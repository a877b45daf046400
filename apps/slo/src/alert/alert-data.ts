import { createHash } from 'node:crypto'
import { timeToExhaustionMs } from '../burn/burn-rate.ts'
import { decimalText, toNumber } from '../burn/fraction.ts'
import type { Evaluation, TierReading, WindowReading } from '../objective/evaluation.ts'
import type { Alert, AlertData, AlertNotice, WindowNumbers } from './alert.ts'
import type { Severity } from '../burn/tier-catalog.ts'

/**
 * The id of the next alert of an objective and severity: made of the one before it, so that an engine that was killed
 * between delivering and recording gives the same alert the same id again.
 */
export function nextAlertId(objective: string, severity: Severity, lastAlertId: string | undefined): string {
  return createHash('sha256').update(JSON.stringify([objective, severity, lastAlertId ?? null])).digest('hex').slice(0, 32)
}

/** The notice that an alert fires: its numbers are those of the moment. */
export function firingNotice(id: string, evaluation: Evaluation, holding: TierReading, exampleTraceIds: readonly string[], atMs: number): AlertNotice {
  const { tier, long, short } = holding
  const { objective } = evaluation
  const alert: Alert = { id, objective: objective.name, severity: tier.severity, tier: tier.name, startedAtMs: atMs }
  const data: AlertData = {
    alertId: id,
    slo: objective.slo,
    objective: objective.name,
    service: objective.service,
    severity: tier.severity,
    tier: tier.name,
    target: decimalText(objective.target),
    period: objective.period.text,
    startedAt: new Date(atMs).toISOString(),
    ...numbers(evaluation, long, short, toNumber(tier.factor)),
    exampleTraceIds,
    runbookUrl: objective.runbookUrl ?? null,
  }
  return { state: 'firing', alert, atMs, data }
}

/** The notice that an alert resolved, with the numbers of now if its objective is still evaluated. */
export function resolvedNotice(firing: AlertNotice, evaluation: Evaluation | undefined, atMs: number): AlertNotice {
  const { alert, data } = firing
  const at = Math.max(atMs, alert.startedAtMs + 1)
  if (evaluation === undefined) return { state: 'resolved', alert, atMs: at, data: { ...data, resolution: 'objective removed' } }
  const [longText, shortText] = alert.tier.split('/')
  const long = evaluation.windows.find(({ window }) => window.text === longText)
  const short = evaluation.windows.find(({ window }) => window.text === shortText)
  const now = long === undefined || short === undefined ? {} : numbers(evaluation, long, short, data.burn.threshold)
  return { state: 'resolved', alert, atMs: at, data: { ...data, ...now, resolution: 'recovered' } }
}

/** The figures of an alert that change with time. */
type AlertNumbers = Pick<AlertData, 'good' | 'bad' | 'total' | 'burn' | 'budgetRemaining' | 'timeToExhaustionMs'>

function numbers(evaluation: Evaluation, long: WindowReading, short: WindowReading, threshold: number): AlertNumbers {
  const remaining = evaluation.budgetRemaining
  const exhaustion = long.burn === undefined || remaining === undefined ? Number.NaN : timeToExhaustionMs(evaluation.objective.period.ms, long.burn, remaining)
  return {
    good: long.good,
    bad: long.total - long.good,
    total: long.total,
    burn: { long: windowNumbers(long), short: windowNumbers(short), threshold },
    budgetRemaining: remaining ?? null,
    timeToExhaustionMs: Number.isFinite(exhaustion) ? Math.round(exhaustion) : null,
  }
}

function windowNumbers({ window, good, total, burn }: WindowReading): WindowNumbers {
  return { window: window.text, good, bad: total - good, total, burn: burn ?? null }
}
