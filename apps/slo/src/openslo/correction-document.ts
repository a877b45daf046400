import { isTimeZone } from '../calendar/period.ts'
import { type CorrectedRows, type Correction, ruleFault } from '../corrections/correction.ts'
import { parseWindow } from '../burn/window.ts'
import { type Metadata, nameRule } from './metadata.ts'
import { attributeRule, readTexts } from './row-template.ts'
import type { Reference } from './reference.ts'
import type { YamlField } from './yaml-field.ts'

/** A correction as a document has it; `slos` are the names that it refers to. */
export interface CorrectionDocument {
  readonly kind: 'Correction'
  readonly metadata: Metadata
  readonly correction: Correction
  readonly slos: readonly Reference[]
}

/** Name of an SLO, or of one of its objectives. */
export const objectiveName = { pattern: /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.\d+)?$/, maxLength: 66, allowed: `${nameRule.allowed}; of one objective of several with its number, such as checkout.2` }
const timeRule = { pattern: /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/, allowed: 'a time such as "2026-03-01 02:00:00"' }
const zoneRule = { maxLength: 60, allowed: 'an IANA time zone such as Europe/Paris' }
const durationRule = { pattern: /^\d{1,5}[mhd]$/, allowed: 'a whole number and m (minutes), h or d, such as 2h' }
const recurrenceRule = { maxLength: 500, allowed: 'a rule of RFC 5545 such as FREQ=WEEKLY;BYDAY=SU' }

/** Reads a Correction's spec. */
export function readCorrection(spec: YamlField, metadata: Metadata | undefined): CorrectionDocument | undefined {
  if (!spec.isMapOf(['description', 'slos', 'startTime', 'timeZone', 'duration', 'rrule', 'rows'])) return undefined
  const slos = spec.get('slos').items({ min: 1, max: 100 }).flatMap((field): Reference[] => {
    const name = field.text(objectiveName)
    return name === undefined ? [] : [{ name, field }]
  })
  const start = spec.get('startTime').text(timeRule)?.replace(' ', 'T')
  const zone = spec.get('timeZone').given ? spec.get('timeZone').text(zoneRule) : 'UTC'
  const duration = parseWindow(spec.get('duration').text(durationRule) ?? '')
  const rule = spec.get('rrule').optionalText(recurrenceRule)
  const rows = spec.get('rows').given ? readRows(spec.get('rows')) : undefined
  if (metadata === undefined || slos.length === 0 || start === undefined || zone === undefined || duration === undefined) return undefined
  if (!isTimeZone(zone)) return spec.get('timeZone').refuse('is not known', zoneRule.allowed)
  if (new Date(`${start}Z`).toJSON()?.slice(0, 19) !== start) return spec.get('startTime').refuse('is not a time of the calendar', timeRule.allowed)
  const fault = rule === undefined ? undefined : ruleFault(rule, start, zone)
  if (fault !== undefined) return spec.get('rrule').refuse(`is no recurrence (${fault})`, recurrenceRule.allowed)
  return { kind: 'Correction', metadata, slos, correction: { name: metadata.name, slos: slos.map(({ name }) => name), start, zone, durationMs: duration.ms, rule, rows } }
}

function readRows(field: YamlField): CorrectedRows | undefined {
  if (!field.isMapOf(['tenant', 'attributes'])) return undefined
  const tenant = field.get('tenant').optionalText(attributeRule)
  const attributes = readTexts(field.get('attributes'))
  if (tenant === undefined && attributes === undefined) return field.refuse('says no rows', 'tenant, attributes')
  return { ...(tenant === undefined ? {} : { tenant }), ...(attributes === undefined ? {} : { attributes }) }
}
