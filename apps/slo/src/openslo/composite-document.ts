import { complement, type Fraction } from '../burn/fraction.ts'
import { tiersFor } from '../burn/tier.ts'
import type { TierCatalog } from '../burn/tier-catalog.ts'
import type { Period } from '../calendar/period.ts'
import { occurrences } from '../objective/budgeting.ts'
import { type Combination, combinations } from '../objective/composite.ts'
import type { Objective } from '../objective/objective.ts'
import { objectiveName } from './correction-document.ts'
import { type Metadata, nameRule } from './metadata.ts'
import { type ObjectiveAnnotations, readObjectiveAnnotations } from './objective-annotations.ts'
import { readTarget, type Reference } from './slo-document.ts'
import { readTimeWindow } from './time-window.ts'
import type { YamlField } from './yaml-field.ts'

const MAX_WEIGHT = 1000

/** An objective over other objectives, as a document has it. */
export interface CompositeDocument {
  readonly kind: 'Composite'
  readonly metadata: Metadata
  readonly service: string
  readonly combination: Combination
  readonly parts: readonly { readonly reference: Reference; readonly weight: number }[]
  readonly period: Period
  readonly target: Fraction
  readonly annotations: ObjectiveAnnotations
  readonly field: YamlField
}

/** Reads a Composite's spec. */
export function readComposite(spec: YamlField, metadata: Metadata | undefined): CompositeDocument | undefined {
  if (!spec.isMapOf(['description', 'service', 'combine', 'of', 'timeWindow', 'target', 'targetPercent'])) return undefined
  const service = spec.get('service').text(nameRule)
  const combination = spec.get('combine').choice(combinations)
  const parts = spec.get('of').items({ min: 2, max: 20 }).flatMap(readPart)
  const period = readTimeWindow(spec.get('timeWindow'))
  const target = readTarget(spec)
  if (metadata === undefined || service === undefined || combination === undefined || parts.length < 2 || period === undefined || target === undefined) return undefined
  return { kind: 'Composite', metadata, service, combination, parts, period, target, annotations: readObjectiveAnnotations(metadata), field: spec }
}

function readPart(part: YamlField): CompositeDocument['parts'] {
  if (!part.isMapOf(['slo', 'weight'])) return []
  const name = part.get('slo').text(objectiveName)
  const weight = part.get('weight').given ? Number(part.get('weight').digits() ?? Number.NaN) : 1
  if (!(weight > 0 && weight <= MAX_WEIGHT)) return part.get('weight').refuse('is not a weight', `a number above 0 and up to ${MAX_WEIGHT}`) ?? []
  return name === undefined ? [] : [{ reference: { name, field: part.get('slo') }, weight }]
}

/** The objective that a composite is; `undefined` when a part is not there. */
export function compositeObjective({ metadata, service, combination, parts, period, target, annotations, field }: CompositeDocument, objectives: readonly Objective[], catalog: TierCatalog): Objective | undefined {
  const budget = complement(target)
  const { tiers, refusals, warnings } = tiersFor(catalog, { budget, period })
  for (const warning of [...refusals, ...warnings]) field.warn(`has a target and period with which ${warning}`)
  const found = parts.flatMap(({ reference, weight }) => {
    const objective = objectives.find(({ name }) => name === reference.name)
    if (objective === undefined) return reference.field.refuse('names no objective that is in effect', objectives.map(({ name }) => name).join(', ') || 'the name of an objective, of which there are none') ?? []
    return { objective: { ...objective, period, tiers, revisions: [] }, weight }
  })
  if (found.length < parts.length) return undefined
  const { indicator } = found[0]!.objective
  return {
    name: metadata.name,
    slo: metadata.name,
    service,
    displayName: metadata.displayName,
    target,
    budget,
    period,
    // Its proof is that of its first part.
    indicator,
    budgeting: occurrences,
    ...annotations,
    tiers,
    corrections: [],
    revisions: [],
    composite: { combination, parts: found },
    runbookUrl: metadata.runbookUrl,
  }
}
