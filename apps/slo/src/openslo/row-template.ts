import { parseWindow } from '../burn/window.ts'
import { type Indicator, type RowConditions, type RowScope, spanKinds, spanStatuses, workOutcomes } from '../measure/indicator.ts'
import type { TextRule, YamlField } from './yaml-field.ts'

/** Tables of which each row is an event. */
export const rowTemplates = ['spans', 'work'] as const
export type RowTemplate = (typeof rowTemplates)[number]

const KIND = { spans: ['kind'], work: [] } as const
const STATUS = { spans: ['status', 'statusNot'], work: ['outcome', 'outcomeNot'] } as const
const STATUSES = { spans: spanStatuses, work: workOutcomes } as const

export const attributeRule: TextRule = { maxLength: 500, allowed: 'text of up to 500 characters' }
const durationRule: TextRule = { pattern: /^\d{1,9}(ms|s|m|h)$/, allowed: 'a whole number and ms, s, m or h, such as 300ms' }

/** Fields that say which rows: of a template of rows. */
export const scopeFields = (template: RowTemplate): string[] => ['service', 'operation', ...KIND[template], 'tenant']
/** Fields that say what of them: conditions. */
export const conditionFields = (template: RowTemplate): string[] => [...STATUS[template], 'maxDuration', 'minDuration', 'attributes']

/** Reads the rows of a total, and which of them the part describes. */
export function readRowIndicator(template: RowTemplate, total: YamlField, part: YamlField, counts: 'good' | 'bad'): Indicator | undefined {
  const fields = ['template', ...scopeFields(template), ...conditionFields(template)]
  if (!total.isMapOf(fields) || !part.isMapOf(fields)) return undefined
  const scope = readScope(template, total)
  const conditions = readConditions(template, part)
  if (scope === undefined) return undefined
  const inTotal: Readonly<Record<string, string | undefined>> = { service: scope.service, operation: scope.operation, kind: scope.kind, tenant: scope.tenant }
  for (const key of scopeFields(template)) sameAsTotal(part.get(key), inTotal[key])
  if (!conditionFields(template).some((key) => part.get(key).given)) {
    part.refuse(`has no condition, so it does not say which ${template === 'spans' ? 'spans' : 'units of work'} are ${counts}`, conditionFields(template).join(', '))
  }
  return { template, total: scope, counts, conditions }
}

/** Reads which rows are meant. */
export function readScope(template: RowTemplate, spec: YamlField): RowScope | undefined {
  const service = spec.get('service').text(attributeRule)
  const operation = spec.get('operation').optionalText(attributeRule)
  const tenant = spec.get('tenant').optionalText(attributeRule)
  const kind = template === 'work' ? undefined : spec.get('kind').given ? spec.get('kind').choice(spanKinds) : 'Server'
  const conditions = readConditions(template, spec)
  if (service === undefined || (template === 'spans' && kind === undefined)) return undefined
  return { service, ...given({ operation, kind, tenant }), conditions }
}

/** The part is a part of the total, so it cannot name other rows; it may leave them out. */
function sameAsTotal(field: YamlField, inTotal: string | undefined): void {
  if (!field.given) return
  const value = field.text(attributeRule)
  if (value !== undefined && value !== inTotal) field.refuse('differs from the total: good or bad events are a part of all events', inTotal ?? 'nothing, as in the total')
}

function readConditions(template: RowTemplate, spec: YamlField): RowConditions {
  const [is, isNot] = STATUS[template]
  return given({
    status: spec.get(is).optionalChoice(STATUSES[template]),
    statusNot: spec.get(isNot).optionalChoice(STATUSES[template]),
    maxDurationNs: readDurationNs(spec.get('maxDuration')),
    minDurationNs: readDurationNs(spec.get('minDuration')),
    attributes: readTexts(spec.get('attributes')),
  })
}

/** Reads a map of texts. */
export function readTexts(field: YamlField): Readonly<Record<string, string>> | undefined {
  if (!field.given || !field.isMapOf(undefined)) return undefined
  const texts = field.keys().map((key) => [key, field.get(key).text(attributeRule)] as const)
  return Object.fromEntries(texts.filter((entry): entry is [string, string] => entry[1] !== undefined))
}

/** Reads a time such as `300ms`, in nanoseconds. */
export function readDurationNs(field: YamlField): number | undefined {
  const text = field.optionalText(durationRule)
  if (text === undefined) return undefined
  const window = parseWindow(text)
  return window === undefined ? field.refuse('', durationRule.allowed) : window.ms * 1_000_000
}

/** The fields that have a value. */
function given<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as { [K in keyof T]?: Exclude<T[K], undefined> }
}
