import { type NoTraffic, noTrafficMeanings } from '../objective/budgeting.ts'
import { type Gates, openGates, youngMeanings } from '../objective/gates.ts'
import type { Metadata } from './metadata.ts'

/** What annotations of an SLO say about all of its objectives. */
export interface ObjectiveAnnotations {
  readonly noTraffic: NoTraffic
  readonly gates: Gates
}

/** Reads the annotations that OpenSLO has no field for. */
export function readObjectiveAnnotations({ annotations }: Metadata): ObjectiveAnnotations {
  const minBadEvents = annotations.get('min-bad-events')?.optionalText({ pattern: /^\d{1,9}$/, allowed: 'a whole number as text, such as "5"' })
  const significance = annotations.get('significance')?.optionalText({ pattern: /^0\.\d{1,9}$/, allowed: 'a probability between 0 and 1 as text, such as "0.01"' })
  if (significance !== undefined && Number(significance) === 0) annotations.get('significance')?.refuse('lets no alert fire', 'a probability above 0, such as "0.01"')
  return {
    noTraffic: annotations.get('no-traffic')?.optionalChoice(noTrafficMeanings) ?? 'ignore',
    gates: {
      minBadEvents: minBadEvents === undefined ? openGates.minBadEvents : Number(minBadEvents),
      significance: significance === undefined ? undefined : Number(significance),
      young: annotations.get('young')?.optionalChoice(youngMeanings) ?? openGates.young,
    },
  }
}
