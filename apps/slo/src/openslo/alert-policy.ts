import type { TierCatalog } from '../burn/tier-catalog.ts'
import type { BurnCondition } from '../burn/tier.ts'
import type { AlertWishes, Notify } from '../objective/alert-wishes.ts'
import type { Objective } from '../objective/objective.ts'
import type { AlertPolicySpec, WrittenCondition, WrittenTarget } from './alert-document.ts'
import type { Reference } from './reference.ts'

/** An alert policy whose references are resolved. */
export interface AlertPolicy {
  readonly condition: WrittenCondition | undefined
  readonly targets: readonly WrittenTarget[]
  readonly wishes: AlertWishes
}

/** What policies say of the alerts of an objective. */
export type Alerts = Pick<Objective, 'conditions' | 'wishes' | 'notify'>

/** Puts in place of its references what a policy names. */
export function joinedPolicy(
  { conditions, targets, wishes }: AlertPolicySpec,
  find: { readonly condition: (reference: Reference) => WrittenCondition | undefined; readonly target: (reference: Reference) => WrittenTarget | undefined },
): AlertPolicy {
  const [condition] = conditions.map((each) => ('name' in each ? find.condition(each) : each))
  return { condition, targets: targets.flatMap((each) => ('name' in each ? (find.target(each) ?? []) : each)), wishes }
}

/** Tells the documents that name a target which is not there. */
export function checkTargets(targets: readonly WrittenTarget[], receivers: readonly string[]): void {
  for (const { target, field } of targets) {
    if (!receivers.includes(target)) field.warn(`names no target of SLO_NOTIFY_FILE (${receivers.join(', ') || 'there is none'}): who should be told there is told by the routes of that file`)
  }
}

/** What several policies say together; a condition that does not fit is reported where it is written. */
export function alertsOf(policies: readonly AlertPolicy[], { bucket }: TierCatalog): Alerts {
  const conditions = policies.flatMap(({ condition, wishes }) => (condition === undefined || wishes.breaching === false ? [] : [condition]))
  const usable = conditions.flatMap(({ field, ...condition }): BurnCondition[] => {
    const isWhole = [condition.lookback, condition.short].every(({ ms }) => ms % bucket.ms === 0)
    if (!isWhole) field.refuse(`has a window that is not a whole number of buckets of ${bucket.text} (SLO_TIERS_FILE)`)
    return isWhole ? [condition] : []
  })
  const notify = policies.flatMap(({ condition, targets, wishes }): Notify[] =>
    condition === undefined ? [] : [{ severity: condition.severity, breaching: wishes.breaching !== false, noData: wishes.noData === true, targets: targets.map(({ target }) => target) }],
  )
  return { wishes: joinedWishes(policies), ...(usable.length > 0 && { conditions: usable }), ...(notify.length > 0 && { notify }) }
}

/** What several policies wish together: what one of them asks for is done, and what none asks for and one refuses is not. */
function joinedWishes(policies: readonly AlertPolicy[]): AlertWishes {
  const said = (key: keyof AlertWishes): AlertWishes => {
    const answers = policies.flatMap(({ wishes }) => wishes[key] ?? [])
    return answers.length === 0 ? {} : { [key]: answers.includes(true) }
  }
  return { ...said('breaching'), ...said('resolved'), ...said('noData') }
}
