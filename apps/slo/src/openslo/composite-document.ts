import { complement, type Fraction } from '../burn/fraction.ts'
import { tiersFor } from '../burn/tier.ts'
import type { TierCatalog } from '../burn/tier-catalog.ts'
import type { Period } from '../calendar/period.ts'
import { occurrences } from '../objective/budgeting.ts'
import { type Combination, combinations } from '../objective/composite.ts'
import type { Objective } from '../objective/objective.ts'
import { readSliceWindow, slicesFit } from './budgeting-method.ts'
import { objectiveName } from './correction-document.ts'
import { readTarget, readWeight } from './decimals.ts'
import { type Metadata, nameRule } from './metadata.ts'
import { type ObjectiveAnnotations, readObjectiveAnnotations } from './objective-annotations.ts'
import type { Reference } from './reference.ts'
import { readTimeWindow } from './time-window.ts'
import type { YamlField } from './yaml-field.ts'

/** An objective over other objectives, as a document has it. */
export interface CompositeDocument {
  readonly kind: 'Composite'
  readonly metadata: Metadata
  readonly service: string
  /** `union`: time in which any part is bad is bad time. */
  readonly combination: Combination | 'union'
  /** Length of the slices that a union is made of. */
  readonly sliceMs: number | undefined
  readonly parts: readonly { readonly reference: Reference; readonly weight: Fraction }[]
  readonly period: Period
  readonly target: Fraction
  readonly annotations: ObjectiveAnnotations
  readonly field: YamlField
}

/** Reads a Composite's spec. */
export function readComposite(spec: YamlField, metadata: Metadata | undefined): CompositeDocument | undefined {
  if (!spec.isMapOf(['description', 'service', 'combine', 'of', 'timeWindow', 'target', 'targetPercent', 'timeSliceWindow'])) return undefined
  const service = spec.get('service').text(nameRule)
  const combination = spec.get('combine').choice([...combinations, 'union'])
  const parts = spec.get('of').items({ min: 2, max: 20 }).flatMap((part) => readPart(part, combination !== 'union'))
  const period = readTimeWindow(spec.get('timeWindow'))
  const target = readTarget(spec)
  const slice = spec.get('timeSliceWindow')
  if (combination !== 'union' && slice.given) return slice.refuse('has a meaning for a union of bad time only', 'combine: union')
  const sliceMs = combination === 'union' ? readSliceWindow(slice) : undefined
  if (combination === 'union' && sliceMs === undefined) return undefined
  if (metadata === undefined || service === undefined || combination === undefined || parts.length < 2 || period === undefined || target === undefined) return undefined
  return { kind: 'Composite', metadata, service, combination, sliceMs, parts, period, target, annotations: readObjectiveAnnotations(metadata), field: spec }
}

function readPart(part: YamlField, weighed: boolean): CompositeDocument['parts'] {
  if (!part.isMapOf(weighed ? ['slo', 'weight'] : ['slo'])) return []
  const name = part.get('slo').text(objectiveName)
  const weight = readWeight(part.get('weight'))
  return name === undefined || weight === undefined ? [] : [{ reference: { name, field: part.get('slo') }, weight }]
}

/** The objective that a composite is, made of what is measured for its parts; `undefined` when a part is not there. */
export function compositeObjective(document: CompositeDocument, objectives: readonly Objective[], catalog: TierCatalog): Objective | undefined {
  const { combination, period } = document
  const found = partsOf(document, objectives)
  if (combination === 'union' || found === undefined) return undefined
  const whole = wholeOf(document, catalog)
  const parts = found.map(({ objective, weight }) => ({ objective: { ...objective, period, tiers: whole.tiers, revisions: [] }, weight }))
  // Its proof is that of its first part.
  return { ...whole, indicator: found[0]!.objective.indicator, budgeting: occurrences, composite: { combination, parts } }
}

/** The objective that a union of bad time is: it is measured by slices, each bad where that of any part is. */
export function unionObjective(document: CompositeDocument, objectives: readonly Objective[], catalog: TierCatalog): Objective | undefined {
  const { sliceMs = 0, field } = document
  const found = partsOf(document, objectives)
  if (found === undefined || !slicesFit(sliceMs, catalog.bucket, field.get('timeSliceWindow'))) return undefined
  const [first, ...others] = found.map(({ objective: { indicator, budgeting, target } }) => ({ indicator, sliceTarget: budgeting.method === 'Timeslices' ? budgeting.sliceTarget : target }))
  return { ...wholeOf(document, catalog), indicator: first!.indicator, budgeting: { method: 'Timeslices', sliceMs, sliceTarget: first!.sliceTarget, others } }
}

function partsOf({ parts }: CompositeDocument, objectives: readonly Objective[]): readonly { readonly objective: Objective; readonly weight: Fraction }[] | undefined {
  const found = parts.flatMap(({ reference, weight }) => {
    const objective = objectives.find(({ name }) => name === reference.name)
    if (objective === undefined) return reference.field.refuse('names no objective that is in effect', objectives.map(({ name }) => name).join(', ') || 'the name of an objective, of which there are none') ?? []
    return { objective, weight }
  })
  return found.length < parts.length ? undefined : found
}

function wholeOf({ metadata, service, period, target, annotations, field }: CompositeDocument, catalog: TierCatalog): Omit<Objective, 'indicator' | 'budgeting'> {
  const budget = complement(target)
  const { tiers, refusals, warnings } = tiersFor(catalog, { budget, period })
  for (const warning of [...refusals, ...warnings]) field.warn(`has a target and period with which ${warning}`)
  const { name, displayName, runbookUrl } = metadata
  if (annotations.grouping !== undefined) field.refuse('has the annotation group-by, which is for the objectives that it is made of', 'nothing')
  return { name, slo: name, service, displayName, target, budget, period, ...annotations, tiers, corrections: [], revisions: [], runbookUrl }
}
