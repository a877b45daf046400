import type { Indicator } from '../measure/indicator.ts'
import { nameRule, type Metadata } from './metadata.ts'
import { readCacheIndicator, readCompletenessIndicator, readFreshnessIndicator, readHistogramIndicator, readSqlIndicator, type SqlForm } from './other-templates.ts'
import { readRowIndicator, rowTemplates } from './row-template.ts'
import type { YamlField } from './yaml-field.ts'

/** Where events come from, as `template` says it. */
const templates = [...rowTemplates, 'completeness', 'freshness', 'cache', 'histogram', 'sql'] as const

/** An indicator as a document has it; `dataSources` are the names that it refers to. */
export interface IndicatorSpec {
  readonly indicator: Indicator
  readonly dataSources: readonly { readonly name: string; readonly field: YamlField }[]
  /** A `thresholdMetric`: each objective says what it compares with. */
  readonly needsThreshold: boolean
}

/** An SLI as a document of its own. */
export interface SliDocument extends IndicatorSpec {
  readonly kind: 'SLI'
  readonly metadata: Metadata
}

interface MetricSource {
  readonly spec: YamlField
  readonly dataSources: IndicatorSpec['dataSources']
}

/** Reads the `spec` of an SLI, or of the `indicator` inside an SLO. */
export function readIndicatorSpec(spec: YamlField): IndicatorSpec | undefined {
  if (!spec.isMapOf(['description', 'thresholdMetric', 'ratioMetric'])) return undefined
  const [threshold, ratio] = [spec.get('thresholdMetric'), spec.get('ratioMetric')]
  if (threshold.given && ratio.given) return spec.refuse('needs exactly one of thresholdMetric and ratioMetric', 'thresholdMetric, ratioMetric')
  if (threshold.given) return readValues(threshold, { kind: 'threshold' })
  if (!ratio.isMapOf(['counter', 'good', 'bad', 'total', 'raw', 'rawType'])) return undefined
  if (ratio.get('counter').optionalFlag() === true) {
    return ratio.get('counter').refuse('is valid OpenSLO but does not fit rows, which are events and not a growing counter', 'false')
  }
  if (ratio.get('raw').given) return readRaw(ratio)
  const counts = ratio.get('good').given ? 'good' : 'bad'
  if (ratio.get('good').given === ratio.get('bad').given) return ratio.refuse('needs exactly one of good and bad', 'good, bad')
  return readRatio(ratio.get('total'), ratio.get(counts), counts)
}

function readRatio(totalField: YamlField, partField: YamlField, counts: 'good' | 'bad'): IndicatorSpec | undefined {
  const total = readMetricSource(totalField)
  const part = readMetricSource(partField)
  if (total === undefined || part === undefined) return undefined
  const template = total.spec.get('template').choice(templates)
  if (part.spec.get('template').choice(templates) === undefined || template === undefined) return undefined
  if (part.spec.get('template').peek() !== template) return part.spec.get('template').refuse('differs from the total: both are counted by one query', template)
  const indicator = readTemplate(template, total.spec, part.spec, counts)
  return indicator && { indicator, dataSources: [...total.dataSources, ...part.dataSources], needsThreshold: false }
}

function readTemplate(template: (typeof templates)[number], total: YamlField, part: YamlField, counts: 'good' | 'bad'): Indicator | undefined {
  if (template === 'spans' || template === 'work') return readRowIndicator(template, total, part, counts)
  if (counts === 'bad') return part.refuse(`is a part of the template ${template}, which says what is good`, 'good')
  if (template === 'completeness') return readCompletenessIndicator(total, part)
  if (template === 'freshness') return readFreshnessIndicator(total, part)
  if (template === 'histogram') return readHistogramIndicator(total, part)
  if (template === 'cache') return readCacheIndicator(total, part)
  return part.isMapOf(['template']) ? readSqlIndicator(total, { kind: 'counts' }) : undefined
}

/** A ratio that a query gives by itself, for each bucket. */
function readRaw(ratio: YamlField): IndicatorSpec | undefined {
  for (const key of ['good', 'bad', 'total']) if (ratio.get(key).given) return ratio.get(key).refuse('cannot stand beside raw', 'nothing')
  const type = ratio.get('rawType').choice(['success', 'failure'])
  return type === undefined ? undefined : readValues(ratio.get('raw'), { kind: 'ratio', type })
}

function readValues(metric: YamlField, form: SqlForm): IndicatorSpec | undefined {
  const source = readMetricSource(metric)
  if (source === undefined || source.spec.get('template').choice(['sql']) === undefined) return undefined
  const indicator = readSqlIndicator(source.spec, form)
  return indicator && { indicator, dataSources: source.dataSources, needsThreshold: form.kind === 'threshold' }
}

function readMetricSource(metric: YamlField): MetricSource | undefined {
  if (!metric.isMapOf(['metricSource'])) return undefined
  const source = metric.get('metricSource')
  if (!source.isMapOf(['metricSourceRef', 'type', 'spec'])) return undefined
  const field = source.get('metricSourceRef')
  const name = field.optionalText(nameRule)
  source.get('type').optionalChoice(['clickhouse'])
  const spec = source.get('spec')
  return spec.isMapOf(undefined) ? { spec, dataSources: name === undefined ? [] : [{ name, field }] } : undefined
}
