import { complement, dividedBy, type Fraction, parseDecimal } from '../burn/fraction.ts'
import type { Period } from '../calendar/period.ts'
import type { Threshold } from '../measure/indicator.ts'
import type { Budgeting } from '../objective/budgeting.ts'
import { type AlertPolicySpec, readAlertPolicySpec, readInPlace } from './alert-document.ts'
import { readBudgeting, readMethod } from './budgeting-method.ts'
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
  readonly field: YamlField
}

/** An SLO as its document has it; references are not resolved yet. */
export interface SloDocument {
  readonly kind: 'SLO'
  readonly metadata: Metadata
  readonly field: YamlField
  readonly service: Reference
  readonly indicator: IndicatorSpec | Reference
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
  const indicator = readIndicator(spec)
  const period = readTimeWindow(spec.get('timeWindow'))
  const objectives = spec.get('objectives').items({ min: 1, max: 20 }).flatMap((objective) => (budgetingMethod === undefined ? [] : readObjective(objective, budgetingMethod)))
  const alertPolicies = spec.get('alertPolicies').items().flatMap(readAlertPolicy)
  if (metadata === undefined || service === undefined || indicator === undefined || period === undefined || objectives.length === 0) return undefined
  const annotations = readObjectiveAnnotations(metadata)
  return { kind: 'SLO', metadata, annotations, field: root, service: { name: service, field: spec.get('service') }, indicator, period, objectives, alertPolicies }
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

function readObjective(objective: YamlField, method: Budgeting['method']): SloDocument['objectives'] {
  const keys = ['displayName', 'target', 'targetPercent', 'op', 'value', 'timeSliceTarget', 'timeSliceWindow', 'indicator', 'indicatorRef', 'compositeWeight']
  if (!objective.isMapOf(keys)) return []
  for (const key of ['indicator', 'indicatorRef', 'compositeWeight']) {
    if (objective.get(key).given) objective.get(key).refuse('is valid OpenSLO but not supported here yet', 'displayName, target or targetPercent')
  }
  const displayName = objective.get('displayName').optionalText(displayNameRule)
  const target = readTarget(objective)
  const budgeting = readBudgeting(objective, method)
  return target === undefined || budgeting === undefined ? [] : [{ displayName, target, budgeting, field: objective }]
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

/** Reads `target` or `targetPercent`, exactly. */
export function readTarget(objective: YamlField): Fraction | undefined {
  const [target, percent] = [objective.get('target'), objective.get('targetPercent')]
  const eitherOr = 'needs exactly one of target and targetPercent'
  if (!target.given && !percent.given) return objective.miss('target, targetPercent', eitherOr)
  if (target.given && percent.given) return objective.refuse(eitherOr, 'target, targetPercent')
  const field = target.given ? target : percent
  const allowed = target.given ? 'a decimal from 0 to below 1, such as 0.995' : 'a decimal from 0 to below 100, such as 99.5'
  const written = parseDecimal(field.digits() ?? '')
  if (written === undefined) return field.refuse('is not a plain decimal', allowed)
  const value = target.given ? written : dividedBy(written, 100n)
  return complement(value).numerator > 0n ? value : field.refuse('leaves no error budget', allowed)
}

function readAlertPolicy(policy: YamlField): SloDocument['alertPolicies'] {
  if (policy.get('kind').given || policy.get('spec').given) return readInPlace(policy, 'AlertPolicy') ? [readAlertPolicySpec(policy.get('spec'))] : []
  if (!policy.isMapOf(['alertPolicyRef'])) return []
  const field = policy.get('alertPolicyRef')
  const name = field.text(nameRule)
  return name === undefined ? [] : [{ name, field }]
}
