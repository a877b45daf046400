import type { Fraction } from '../burn/fraction.ts'
import type { Period } from '../calendar/period.ts'
import type { Threshold } from '../measure/indicator.ts'
import type { Budgeting } from '../objective/budgeting.ts'
import { type AlertPolicySpec, readAlertPolicySpec, readInPlace } from './alert-document.ts'
import { readBudgeting, readMethod } from './budgeting-method.ts'
import { readTarget, readWeight } from './decimals.ts'
import { type IndicatorSpec, readIndicatorSpec } from './indicator-spec.ts'
import { displayNameRule, type Metadata, nameRule, readDescription, readMetadata } from './metadata.ts'
import { type ObjectiveAnnotations, readObjectiveAnnotations } from './objective-annotations.ts'
import type { Reference } from './reference.ts'
import { readTimeWindow } from './time-window.ts'
import type { YamlField } from './yaml-field.ts'

/** One of the objectives of an SLO. */
export interface SloObjective {
  readonly displayName: string | undefined
  readonly target: Fraction
  readonly budgeting: Budgeting
  /** Its own, where the SLO has none for all. */
  readonly indicator: IndicatorSpec | Reference | undefined
  /** How much it counts in the whole that objectives with indicators of their own make. */
  readonly weight: Fraction
  readonly field: YamlField
}

/** An SLO as its document has it; references are not resolved yet. */
export interface SloDocument {
  readonly kind: 'SLO'
  readonly metadata: Metadata
  readonly field: YamlField
  readonly service: Reference
  /** That of all its objectives; absent where each has its own. */
  readonly indicator: IndicatorSpec | Reference | undefined
  readonly period: Period
  readonly annotations: ObjectiveAnnotations
  readonly objectives: readonly SloObjective[]
  /** By name, or as they stand in place. */
  readonly alertPolicies: readonly (Reference | AlertPolicySpec)[]
}

/** Reads an SLO document whose metadata are read already. */
export function readSlo(root: YamlField, metadata: Metadata | undefined): SloDocument | undefined {
  const spec = root.get('spec')
  if (!spec.isMapOf(['description', 'service', 'indicator', 'indicatorRef', 'timeWindow', 'budgetingMethod', 'objectives', 'alertPolicies'])) return undefined
  readDescription(spec)
  const service = spec.get('service').text(nameRule)
  const method = spec.get('budgetingMethod')
  const budgetingMethod = readMethod(method)
  const ownIndicators = spec.get('objectives').isList && spec.get('objectives').items().some((objective) => objective.get('indicator').given || objective.get('indicatorRef').given)
  const indicator = ownIndicators ? refuseIndicator(spec) : readIndicator(spec)
  const period = readTimeWindow(spec.get('timeWindow'))
  const objectives = spec.get('objectives').items({ min: 1, max: 20 }).flatMap((objective) => (budgetingMethod === undefined ? [] : readObjective(objective, budgetingMethod, ownIndicators)))
  const alertPolicies = spec.get('alertPolicies').items().flatMap(readAlertPolicy)
  if (metadata === undefined || service === undefined || (indicator === undefined && !ownIndicators) || period === undefined || objectives.length === 0) return undefined
  const annotations = readObjectiveAnnotations(metadata)
  return { kind: 'SLO', metadata, annotations, field: root, service: { name: service, field: spec.get('service') }, indicator, period, objectives, alertPolicies }
}

function refuseIndicator(spec: YamlField): undefined {
  for (const key of ['indicator', 'indicatorRef']) if (spec.get(key).given) spec.get(key).refuse('cannot stand beside indicators of the objectives', 'nothing')
}

function readIndicator(spec: YamlField): IndicatorSpec | Reference | undefined {
  const [inline, reference] = [spec.get('indicator'), spec.get('indicatorRef')]
  const eitherOr = 'needs exactly one of indicator and indicatorRef'
  if (!inline.given && !reference.given) return spec.miss('indicator, indicatorRef', eitherOr)
  if (inline.given && reference.given) return spec.refuse(eitherOr, 'indicator, indicatorRef')
  if (reference.given) {
    const name = reference.text(nameRule)
    return name === undefined ? undefined : { name, field: reference }
  }
  if (!inline.isMapOf(['metadata', 'spec'])) return undefined
  if (inline.get('metadata').given) readMetadata(inline.get('metadata'))
  return readIndicatorSpec(inline.get('spec'))
}

function readObjective(objective: YamlField, method: Budgeting['method'], ownIndicator: boolean): SloDocument['objectives'] {
  const keys = ['displayName', 'target', 'targetPercent', 'op', 'value', 'timeSliceTarget', 'timeSliceWindow', 'indicator', 'indicatorRef', 'compositeWeight']
  if (!objective.isMapOf(keys)) return []
  if (!ownIndicator && objective.get('compositeWeight').given) objective.get('compositeWeight').refuse('has a meaning only where each objective has an indicator of its own', 'nothing')
  const indicator = ownIndicator ? readIndicator(objective) : undefined
  const weight = readWeight(objective.get('compositeWeight'))
  const displayName = objective.get('displayName').optionalText(displayNameRule)
  const target = readTarget(objective)
  const budgeting = readBudgeting(objective, method)
  if (target === undefined || budgeting === undefined || weight === undefined || (ownIndicator && indicator === undefined)) return []
  return [{ displayName, target, budgeting, indicator, weight, field: objective }]
}

/** Reads what an objective compares the values of a `thresholdMetric` with. */
export function readThreshold(objective: YamlField): Threshold | undefined {
  const [op, value] = [objective.get('op'), objective.get('value')]
  const compare = op.choice(['lt', 'lte', 'gt', 'gte'])
  const digits = value.given ? value.digits() : value.miss('a number')
  if (digits === undefined) return value.given ? value.refuse('is not a number', 'a number') : undefined
  return compare && { op: compare, value: Number(digits) }
}

/** Says that an objective compares nothing. */
export function refuseThreshold(objective: YamlField): void {
  if (objective.get('value').given) objective.get('value').refuse('has no meaning for a ratioMetric', 'nothing')
  if (objective.get('op').given && objective.get('op').choice(['lt', 'lte', 'gt', 'gte']) !== undefined) objective.get('op').warn('has no meaning for a ratioMetric and is not used')
}

function readAlertPolicy(policy: YamlField): SloDocument['alertPolicies'] {
  if (policy.get('kind').given || policy.get('spec').given) return readInPlace(policy, 'AlertPolicy') ? [readAlertPolicySpec(policy.get('spec'))] : []
  if (!policy.isMapOf(['alertPolicyRef'])) return []
  const field = policy.get('alertPolicyRef')
  const name = field.text(nameRule)
  return name === undefined ? [] : [{ name, field }]
}
