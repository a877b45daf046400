import { createHash } from 'node:crypto'
import { timeToExhaustionMs } from '../burn/burn-rate.ts'
import { decimalText, toNumber } from '../burn/fraction.ts'
import { isBelow } from '../burn/tier.ts'
import { targetsOf } from '../objective/alert-wishes.ts'
import type { Evaluation, TierReading, WindowReading } from '../objective/evaluation.ts'
import type { Alert, AlertData, AlertNotice, Links, Proof, WindowNumbers } from './alert.ts'
import type { Condition } from './condition.ts'

/** What the notice of a beginning is made of. */
export interface Beginning {
  readonly evaluation: Evaluation
  readonly condition: Condition
  readonly proof: Proof
  readonly links: Links
  /** Id of the alert of this key before this one. */
  readonly lastAlertId: string | undefined
  readonly atMs: number
}

/**
 * The id of an alert: made of the one before it, so that engines that do not know of each other, or one that was killed before it
 * could record what it did, give the same alert the same id.
 */
export function nextAlertId({ kind, severity, name }: Pick<Condition, 'kind' | 'severity'> & { readonly name: string }, lastAlertId: string | undefined): string {
  return createHash('sha256').update(JSON.stringify([kind, severity, name, lastAlertId ?? null])).digest('hex').slice(0, 32)
}

/** The notice that an alert fires: its numbers are those of the moment. */
export function firingNotice({ evaluation, condition, proof, links, lastAlertId, atMs }: Beginning): AlertNotice {
  const { objective } = evaluation
  const { kind, severity } = condition
  const targets = targetsOf(objective.notify ?? [], condition)
  const alert: Alert = { id: nextAlertId({ kind, severity, name: objective.name }, lastAlertId), kind, objective: objective.name, severity, tier: condition.name, startedAtMs: atMs }
  const data: AlertData = {
    alertId: alert.id,
    kind,
    summary: summaryOf(evaluation, condition),
    slo: objective.slo,
    objective: objective.name,
    service: objective.service,
    severity,
    tier: condition.name,
    target: decimalText(objective.target),
    period: objective.period.text,
    startedAt: new Date(atMs).toISOString(),
    ...numbers(evaluation, condition.reading),
    ...proof,
    links,
    runbookUrl: objective.runbookUrl ?? null,
    ...(objective.wishes?.resolved === false && { alertWhenResolved: false }),
    ...(targets !== undefined && { notificationTargets: targets }),
  }
  return { state: 'firing', alert, atMs, data }
}

/** The notice that an alert resolved, with the numbers of now if its objective is still evaluated. */
export function resolvedNotice(firing: AlertNotice, evaluation: Evaluation | undefined, atMs: number): AlertNotice {
  const { alert, data } = firing
  const at = Math.max(atMs, alert.startedAtMs + 1)
  if (evaluation === undefined) return { state: 'resolved', alert, atMs: at, data: { ...data, resolution: 'objective removed' } }
  const tier = evaluation.objective.tiers.find(({ name, severity }) => name === alert.tier && severity === alert.severity)
  const [long, short] = [tier?.long, tier?.short].map((window) => evaluation.windows.find((reading) => reading.window.ms === window?.ms))
  const reading = tier === undefined || long === undefined || short === undefined ? undefined : { tier, long, short }
  const now = reading === undefined && alert.kind === 'burn' ? {} : numbers(evaluation, reading)
  return { state: 'resolved', alert, atMs: at, data: { ...data, ...now, resolution: 'recovered' } }
}

/** The figures of an alert that change with time. */
type AlertNumbers = Pick<AlertData, 'good' | 'bad' | 'total' | 'burn' | 'burnRates' | 'budgetRemaining' | 'timeToExhaustionMs'>

function numbers(evaluation: Evaluation, reading: TierReading | undefined): AlertNumbers {
  const { good, total } = reading?.long ?? evaluation.period
  const burn = (reading?.long ?? evaluation.windows[0])?.burn
  const remaining = evaluation.budgetRemaining
  const exhaustion = burn === undefined || remaining === undefined ? Number.NaN : timeToExhaustionMs(evaluation.objective.period.ms, burn, remaining)
  return {
    good,
    bad: total - good,
    total,
    burn: reading === undefined ? null : { long: windowNumbers(reading.long), short: windowNumbers(reading.short), threshold: toNumber(reading.tier.factor) },
    burnRates: Object.fromEntries(evaluation.windows.map(({ window, burn: rate }) => [window.text, rate ?? null])),
    budgetRemaining: remaining ?? null,
    timeToExhaustionMs: Number.isFinite(exhaustion) ? Math.round(exhaustion) : null,
  }
}

function windowNumbers({ window, good, total, burn }: WindowReading): WindowNumbers {
  return { window: window.text, good, bad: total - good, total, burn: burn ?? null }
}

function summaryOf({ objective }: Evaluation, { kind, name, reading }: Condition): string {
  const title = objective.displayName ?? objective.name
  if (kind !== 'burn' || reading === undefined) return `${objective.service}, ${title}: ${name}`
  const { long, tier } = reading
  const rate = Number((long.burn ?? 0).toPrecision(3))
  const limit = Number(toNumber(tier.factor).toPrecision(4))
  if (isBelow(tier.op)) return `${objective.service}, ${title}: error budget burns ${rate} times as fast as it may over ${long.window.text} (below ${limit})`
  return `${objective.service}, ${title}: error budget burns ${rate} times too fast over ${long.window.text} (limit ${limit})`
}
