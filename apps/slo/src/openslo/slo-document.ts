import { complement, dividedBy, type Fraction, parseDecimal } from '../burn/fraction.ts'
import { parseWindow, type Window } from '../burn/window.ts'
import { displayNameRule, type Metadata, nameRule, readDescription, readMetadata } from './metadata.ts'
import { type RatioMetric, readIndicatorSpec } from './spans-selector.ts'
import type { TextRule, YamlField } from './yaml-field.ts'

/** A name of another document, and where it was written. */
export interface Reference {
  readonly name: string
  readonly field: YamlField
}

/** An SLO as its document has it; references are not resolved yet. */
export interface SloDocument {
  readonly kind: 'SLO'
  readonly metadata: Metadata
  readonly field: YamlField
  readonly service: Reference
  readonly indicator: RatioMetric | Reference
  readonly period: Window
  readonly objectives: readonly { readonly displayName: string | undefined; readonly target: Fraction; readonly field: YamlField }[]
  readonly alertPolicies: readonly Reference[]
}

const durationRule: TextRule = { pattern: /^\d{1,4}[mhdwMQY]$/, allowed: 'a whole number and m (minutes), h, d or w, such as 30d' }

/** Reads an SLO document whose metadata are read already. */
export function readSlo(root: YamlField, metadata: Metadata | undefined): SloDocument | undefined {
  const spec = root.get('spec')
  if (!spec.isMapOf(['description', 'service', 'indicator', 'indicatorRef', 'timeWindow', 'budgetingMethod', 'objectives', 'alertPolicies'])) return undefined
  readDescription(spec)
  const service = spec.get('service').text(nameRule)
  const method = spec.get('budgetingMethod')
  const budgetingMethod = method.choice(['Occurrences', 'Timeslices', 'RatioTimeslices'])
  if (budgetingMethod !== undefined && budgetingMethod !== 'Occurrences') method.refuse('is valid OpenSLO but not supported here yet', 'Occurrences')
  const indicator = readIndicator(spec)
  const period = readTimeWindow(spec.get('timeWindow'))
  const objectives = spec.get('objectives').items({ min: 1, max: 20 }).flatMap(readObjective)
  const alertPolicies = spec.get('alertPolicies').items().flatMap(readAlertPolicy)
  if (metadata === undefined || service === undefined || indicator === undefined || period === undefined || objectives.length === 0) return undefined
  return { kind: 'SLO', metadata, field: root, service: { name: service, field: spec.get('service') }, indicator, period, objectives, alertPolicies }
}

function readIndicator(spec: YamlField): RatioMetric | Reference | undefined {
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

function readTimeWindow(timeWindow: YamlField): Window | undefined {
  const [window] = timeWindow.items({ min: 1, max: 1 })
  if (window === undefined || !window.isMapOf(['duration', 'isRolling', 'calendar'])) return undefined
  if (window.get('calendar').given) return window.get('calendar').refuse('is valid OpenSLO but calendar windows are not supported here yet', 'isRolling: true without a calendar')
  const rolling = window.get('isRolling')
  const isRolling = rolling.optionalFlag()
  if (!rolling.given) return rolling.miss('true')
  if (isRolling !== true) return isRolling === undefined ? undefined : rolling.refuse('', 'true')
  const duration = window.get('duration')
  const text = duration.text(durationRule)
  if (text === undefined) return undefined
  if (/[MQY]$/.test(text)) return duration.refuse('is valid OpenSLO, but a rolling window of months, quarters or years is not supported here yet', 'days or weeks, such as 30d')
  return parseWindow(text) ?? duration.refuse('', durationRule.allowed)
}

function readObjective(objective: YamlField): SloDocument['objectives'] {
  const keys = ['displayName', 'target', 'targetPercent', 'op', 'value', 'timeSliceTarget', 'timeSliceWindow', 'indicator', 'indicatorRef', 'compositeWeight']
  if (!objective.isMapOf(keys)) return []
  for (const key of ['indicator', 'indicatorRef', 'compositeWeight', 'timeSliceTarget', 'timeSliceWindow', 'value']) {
    if (objective.get(key).given) objective.get(key).refuse('is valid OpenSLO but not supported here yet', 'displayName, target or targetPercent')
  }
  if (objective.get('op').given && objective.get('op').choice(['lt', 'lte', 'gt', 'gte']) !== undefined) {
    objective.get('op').warn('has no meaning for a ratioMetric and is not used')
  }
  const displayName = objective.get('displayName').optionalText(displayNameRule)
  const target = readTarget(objective)
  return target === undefined ? [] : [{ displayName, target, field: objective }]
}

function readTarget(objective: YamlField): Fraction | undefined {
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

function readAlertPolicy(policy: YamlField): Reference[] {
  const field = policy.get('alertPolicyRef')
  if (!field.given && policy.get('kind').given) {
    policy.refuse('is valid OpenSLO, but an alert policy inside an SLO is not supported here yet', 'alertPolicyRef')
    return []
  }
  if (!policy.isMapOf(['alertPolicyRef'])) return []
  const name = field.text(nameRule)
  return name === undefined ? [] : [{ name, field }]
}
