import type { CacheIndicator, CompletenessIndicator, FreshnessIndicator, HistogramIndicator, SqlIndicator } from '../measure/indicator.ts'
import { sqlParameters } from '../source/sql-source.ts'
import { attributeRule, conditionFields, readDurationNs, readScope, readTexts, rowTemplates, scopeFields } from './row-template.ts'
import type { TextRule, YamlField } from './yaml-field.ts'

const NANOSECONDS_PER_MS = 1_000_000
const queryRule: TextRule = { maxLength: 20_000, allowed: 'a SELECT of up to 20000 characters' }

/** What the rows of a query are: counts, ratios, or values that an objective compares. */
export type SqlForm = NonNullable<SqlIndicator['form']> | { readonly kind: 'counts' }

/** Rows that arrived, of those that were expected. */
export function readCompletenessIndicator(total: YamlField, part: YamlField): CompletenessIndicator | undefined {
  const rows = total.get('of').given ? total.get('of').choice(rowTemplates) : 'spans'
  if (rows === undefined) return undefined
  const fields = ['template', ...scopeFields(rows), ...conditionFields(rows)]
  if (!total.isMapOf([...fields, 'of']) || !part.isMapOf(fields)) return undefined
  const [expected, arrived] = [readScope(rows, total), readScope(rows, part)]
  return expected && arrived && { template: 'completeness', rows, expected, arrived }
}

/** The age of the newest row. */
export function readFreshnessIndicator(total: YamlField, part: YamlField): FreshnessIndicator | undefined {
  const rows = total.get('of').given ? total.get('of').choice(rowTemplates) : 'spans'
  if (rows === undefined) return undefined
  if (!total.isMapOf(['template', 'of', ...scopeFields(rows), ...conditionFields(rows)]) || !part.isMapOf(['template', 'maxAge'])) return undefined
  const scope = readScope(rows, total)
  const maxAge = part.get('maxAge')
  const ageNs = maxAge.given ? readDurationNs(maxAge) : maxAge.miss('a whole number and ms, s, m or h, such as 10m')
  return scope === undefined || ageNs === undefined ? undefined : { template: 'freshness', rows, scope, maxAgeMs: ageNs / NANOSECONDS_PER_MS }
}

/** Answers of caches. */
export function readCacheIndicator(total: YamlField, part: YamlField): CacheIndicator | undefined {
  if (!total.isMapOf(['template', 'service', 'namespace', 'cache']) || !part.isMapOf(['template', 'answer'])) return undefined
  const good = part.get('answer').choice(['hit', 'fresh'])
  const names = ['service', 'namespace', 'cache'].flatMap((key) => {
    const name = total.get(key).optionalText(attributeRule)
    return name === undefined ? [] : [[key, name] as const]
  })
  return good && { template: 'cache', good, ...Object.fromEntries(names) }
}

/** Values of a histogram. */
export function readHistogramIndicator(total: YamlField, part: YamlField): HistogramIndicator | undefined {
  if (!total.isMapOf(['template', 'service', 'metric', 'attributes']) || !part.isMapOf(['template', 'maxValue', 'estimate'])) return undefined
  const [service, metric, attributes] = [total.get('service').text(attributeRule), total.get('metric').text(attributeRule), readTexts(total.get('attributes'))]
  const max = part.get('maxValue')
  const digits = max.given ? max.digits() : max.miss('a number in the unit of the metric, a bound of its buckets')
  const estimate = part.get('estimate').optionalFlag() ?? false
  if (max.given && digits === undefined) return max.refuse('is not a number', 'a number in the unit of the metric')
  return service === undefined || metric === undefined || digits === undefined ? undefined : { template: 'histogram', service, metric, ...(attributes === undefined ? {} : { attributes }), max: Number(digits), estimate }
}

/** A query of one's own. It is never put together: what varies is bound. */
export function readSqlIndicator(spec: YamlField, form: SqlForm): SqlIndicator | undefined {
  if (!spec.isMapOf(['template', 'query', 'parameters'])) return undefined
  const query = spec.get('query').text(queryRule)
  const parameters = readTexts(spec.get('parameters')) ?? {}
  for (const name of sqlParameters) if (name in parameters) spec.get('parameters').get(name).refuse('is bound by the engine', `another name than ${sqlParameters.join(', ')}`)
  if (query === undefined) return undefined
  if (!/^\s*(SELECT|WITH)\b/i.test(query)) return spec.get('query').refuse('is not a SELECT', 'SELECT …, WITH …')
  for (const name of ['from', 'to']) {
    if (!new RegExp(`\\{\\s*${name}\\s*:`).test(query)) return spec.get('query').refuse(`does not use {${name}:DateTime64(3)}, so that it would read all there is at each tick`, 'a SELECT between {from:DateTime64(3)} and {to:DateTime64(3)}')
  }
  return { template: 'sql', query, parameters, ...(form.kind === 'counts' ? {} : { form }) }
}
