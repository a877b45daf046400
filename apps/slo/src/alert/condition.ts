import { timeToExhaustionMs } from '../burn/burn-rate.ts'
import type { AlertRules } from '../burn/tier-catalog.ts'
import { severities, type Severity } from '../burn/tier-catalog.ts'
import type { Evaluation, TierReading } from '../objective/evaluation.ts'
import type { AlertKind } from './alert.ts'

/** Something that an objective is watched for, and whether it holds now. */
export interface Condition {
  readonly kind: AlertKind
  readonly severity: Severity
  readonly holds: boolean
  /** What holds, in a few words: `1h/5m`, `no events for 30m`. */
  readonly name: string
  /** The tier that holds; of burn alerts alone. */
  readonly reading?: TierReading
}

/** The rule of an objective whose policy asks for alerts without data where the catalogue has no rule. */
const NO_DATA = { severity: 'ticket', after: { text: '30m', ms: 30 * 60_000 } } as const
/** A budget alert ends when this much more of the budget is back, so that it does not come and go around its limit. */
const BUDGET_HYSTERESIS = 0.05
/** An exhaustion alert ends when the budget lasts this much longer than its limit. */
const EXHAUSTION_HYSTERESIS = 1.25

/**
 * What an objective is watched for: burn rates by severity, and what the rules add.
 *
 * @param fires - whether an alert of this kind and severity fires already: some end later than they begin.
 */
export function conditionsOf(evaluation: Evaluation, rules: AlertRules, fires: (kind: AlertKind, severity: Severity) => boolean): Condition[] {
  const burns = severities.map((severity): Condition => {
    const reading = evaluation.holding.get(severity)
    return { kind: 'burn', severity, holds: reading !== undefined, name: reading?.tier.name ?? '', ...(reading !== undefined && { reading }) }
  })
  const breaches = [...burns, ...budgetLow(evaluation, rules, fires), ...exhaustion(evaluation, rules, fires)]
  // What nobody is to be told of does not hold, so that an alert of before the policy said so ends.
  const isWanted = evaluation.objective.wishes?.breaching !== false
  return [...breaches.map((breach) => (isWanted ? breach : { ...breach, holds: false })), ...noData(evaluation, rules)]
}

/** No event for a while, of an objective that has had some: a service that is down sends nothing, and nothing is no error. */
function noData({ objective: { wishes }, period, windows }: Evaluation, { noData: known }: AlertRules): Condition[] {
  const rule = known ?? (wishes?.noData === true ? NO_DATA : undefined)
  const window = rule && windows.find((reading) => reading.window.ms >= rule.after.ms)
  if (rule === undefined || window === undefined) return []
  return [{ kind: 'no-data', severity: rule.severity, holds: wishes?.noData !== false && period.total > 0 && window.total === 0, name: `no events for ${window.window.text}` }]
}

function budgetLow({ budgetRemaining }: Evaluation, { budget: rule }: AlertRules, fires: (kind: AlertKind, severity: Severity) => boolean): Condition[] {
  if (rule === undefined) return []
  const limit = fires('budget', rule.severity) ? rule.below + BUDGET_HYSTERESIS : rule.below
  return [{ kind: 'budget', severity: rule.severity, holds: budgetRemaining !== undefined && budgetRemaining < limit, name: `less than ${percent(rule.below)} of the budget left` }]
}

/** The budget will be gone soon if it goes on burning as in the rule's window. A budget that is gone is what the budget alert is for. */
function exhaustion(evaluation: Evaluation, { exhaustion: rule }: AlertRules, fires: (kind: AlertKind, severity: Severity) => boolean): Condition[] {
  const { objective, budgetRemaining: remaining, windows } = evaluation
  const burn = windows.find((reading) => reading.window.ms === rule?.window.ms)?.burn
  if (rule === undefined || !windows.some(({ window }) => window.ms === rule.window.ms)) return []
  const limitMs = rule.within.ms * (fires('exhaustion', rule.severity) ? EXHAUSTION_HYSTERESIS : 1)
  const holds = burn !== undefined && remaining !== undefined && remaining > 0 && timeToExhaustionMs(objective.period.ms, burn, remaining) < limitMs
  return [{ kind: 'exhaustion', severity: rule.severity, holds, name: `budget gone within ${rule.within.text}` }]
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(3))} %`
}
