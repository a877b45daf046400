import { type NoTraffic, noTrafficMeanings } from '../objective/budgeting.ts'
import { type Gates, openGates, youngMeanings } from '../objective/gates.ts'
import { parseGroupBy } from '../objective/grouping.ts'
import type { Grouping } from '../objective/objective.ts'
import type { Metadata } from './metadata.ts'

/** What annotations of an SLO say about all of its objectives. */
export interface ObjectiveAnnotations {
  readonly noTraffic: NoTraffic
  readonly gates: Gates
  readonly grouping?: Grouping
}

/** Groups of an objective, unless it says otherwise. */
const DEFAULT_GROUPS = 20
const MAX_GROUPS = 500

/** Reads the annotations that OpenSLO has no field for. */
export function readObjectiveAnnotations({ annotations }: Metadata): ObjectiveAnnotations {
  const minBadEvents = annotations.get('min-bad-events')?.optionalText({ pattern: /^\d{1,9}$/, allowed: 'a whole number as text, such as "5"' })
  const significance = annotations.get('significance')?.optionalText({ pattern: /^0\.\d{1,9}$/, allowed: 'a probability between 0 and 1 as text, such as "0.01"' })
  if (significance !== undefined && Number(significance) === 0) annotations.get('significance')?.refuse('lets no alert fire', 'a probability above 0, such as "0.01"')
  const grouping = readGrouping(annotations)
  return {
    ...(grouping !== undefined && { grouping }),
    noTraffic: annotations.get('no-traffic')?.optionalChoice(noTrafficMeanings) ?? 'ignore',
    gates: {
      minBadEvents: minBadEvents === undefined ? openGates.minBadEvents : Number(minBadEvents),
      significance: significance === undefined ? undefined : Number(significance),
      young: annotations.get('young')?.optionalChoice(youngMeanings) ?? openGates.young,
    },
  }
}

function readGrouping(annotations: Metadata['annotations']): Grouping | undefined {
  const [field, max] = [annotations.get('group-by'), annotations.get('max-groups')]
  const text = field?.optionalText({ maxLength: 220, allowed: 'tenant, operation, attributes.NAME' })
  const count = Number(max?.optionalText({ pattern: /^[1-9]\d{0,2}$/, allowed: `a whole number from 1 to ${MAX_GROUPS} as text, such as "50"` }) ?? DEFAULT_GROUPS)
  if (count > MAX_GROUPS) return max?.refuse('is too many', `a whole number from 1 to ${MAX_GROUPS} as text`)
  if (text === undefined) return max?.refuse('has no meaning without group-by', 'group-by: tenant')
  const by = parseGroupBy(text)
  return by === undefined ? field?.refuse('', 'tenant, operation, attributes.NAME') : { by, max: count }
}
