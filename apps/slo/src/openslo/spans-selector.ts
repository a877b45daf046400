import { type Indicator, type SpanConditions, spanKinds, type SpanScope, spanStatuses } from '../measure/indicator.ts'
import { parseWindow } from '../burn/window.ts'
import { nameRule, type Metadata } from './metadata.ts'
import type { TextRule, YamlField } from './yaml-field.ts'

const SCOPE_FIELDS = ['service', 'operation', 'kind'] as const
const CONDITION_FIELDS = ['status', 'statusNot', 'maxDuration', 'minDuration'] as const
const SPEC_FIELDS = ['template', ...SCOPE_FIELDS, ...CONDITION_FIELDS]

const attributeRule: TextRule = { maxLength: 500, allowed: 'text of up to 500 characters' }
const durationRule: TextRule = { pattern: /^\d{1,9}(ms|s|m|h)$/, allowed: 'a whole number and ms, s, m or h, such as 300ms' }

/** A ratio as a document has it; `dataSources` are the names that it refers to. */
export interface RatioMetric {
  readonly indicator: Indicator
  readonly dataSources: readonly { readonly name: string; readonly field: YamlField }[]
}

/** Reads the `spec` of an SLI, or of the `indicator` inside an SLO. */
export function readIndicatorSpec(spec: YamlField): RatioMetric | undefined {
  if (!spec.isMapOf(['description', 'thresholdMetric', 'ratioMetric'])) return undefined
  if (spec.get('thresholdMetric').given) {
    return spec.get('thresholdMetric').refuse('is valid OpenSLO but not supported here yet', 'ratioMetric with total and good or bad')
  }
  const ratio = spec.get('ratioMetric')
  if (!ratio.isMapOf(['counter', 'good', 'bad', 'total', 'raw', 'rawType'])) return undefined
  if (ratio.get('raw').given || ratio.get('rawType').given) {
    return ratio.get(ratio.get('raw').given ? 'raw' : 'rawType').refuse('is valid OpenSLO but not supported here yet: a ratio made elsewhere has no counts', 'total with good or bad')
  }
  if (ratio.get('counter').optionalFlag() === true) {
    return ratio.get('counter').refuse('is valid OpenSLO but does not fit spans, which are events and not a growing counter', 'false')
  }
  const counts = ratio.get('good').given ? 'good' : 'bad'
  if (ratio.get('good').given === ratio.get('bad').given) return ratio.refuse('needs exactly one of good and bad', 'good, bad')
  return readRatio(ratio.get('total'), ratio.get(counts), counts)
}

function readRatio(totalField: YamlField, partField: YamlField, counts: 'good' | 'bad'): RatioMetric | undefined {
  const total = readMetricSource(totalField)
  const part = readMetricSource(partField)
  if (total === undefined || part === undefined) return undefined
  const service = total.spec.get('service').text(attributeRule)
  const operation = total.spec.get('operation').optionalText(attributeRule)
  const kind = total.spec.get('kind').given ? total.spec.get('kind').choice(spanKinds) : 'Server'
  const totalConditions = readConditions(total.spec)
  const conditions = readConditions(part.spec)
  if (service === undefined || kind === undefined) return undefined
  const scope: SpanScope = { service, kind, conditions: totalConditions, ...(operation === undefined ? {} : { operation }) }
  for (const key of SCOPE_FIELDS) sameAsTotal(part.spec.get(key), scope[key])
  if (!CONDITION_FIELDS.some((key) => part.spec.get(key).given)) {
    part.spec.refuse(`has no condition, so it does not say which spans are ${counts}`, CONDITION_FIELDS.join(', '))
  }
  return { indicator: { total: scope, counts, conditions }, dataSources: [...total.dataSources, ...part.dataSources] }
}

/** The part is a part of the total, so it cannot name other spans; it may leave them out. */
function sameAsTotal(field: YamlField, inTotal: string | undefined): void {
  if (!field.given) return
  const value = field.text(attributeRule)
  if (value !== undefined && value !== inTotal) field.refuse('differs from the total: good or bad events are a part of all events', inTotal ?? 'nothing, as in the total')
}

function readMetricSource(metric: YamlField): { spec: YamlField; dataSources: RatioMetric['dataSources'] } | undefined {
  if (!metric.isMapOf(['metricSource'])) return undefined
  const source = metric.get('metricSource')
  if (!source.isMapOf(['metricSourceRef', 'type', 'spec'])) return undefined
  const field = source.get('metricSourceRef')
  const name = field.optionalText(nameRule)
  source.get('type').optionalChoice(['clickhouse'])
  const spec = source.get('spec')
  if (!spec.isMapOf(SPEC_FIELDS)) return undefined
  if (spec.get('template').choice(['spans']) === undefined) return undefined
  return { spec, dataSources: name === undefined ? [] : [{ name, field }] }
}

function readConditions(spec: YamlField): SpanConditions {
  const status = spec.get('status').optionalChoice(spanStatuses)
  const statusNot = spec.get('statusNot').optionalChoice(spanStatuses)
  const maxDurationNs = readDurationNs(spec.get('maxDuration'))
  const minDurationNs = readDurationNs(spec.get('minDuration'))
  return {
    ...(status === undefined ? {} : { status }),
    ...(statusNot === undefined ? {} : { statusNot }),
    ...(maxDurationNs === undefined ? {} : { maxDurationNs }),
    ...(minDurationNs === undefined ? {} : { minDurationNs }),
  }
}

function readDurationNs(field: YamlField): number | undefined {
  const text = field.optionalText(durationRule)
  if (text === undefined) return undefined
  const window = parseWindow(text)
  return window === undefined ? field.refuse('', durationRule.allowed) : window.ms * 1_000_000
}

/** An SLI as a document of its own. */
export interface SliDocument extends RatioMetric {
  readonly kind: 'SLI'
  readonly metadata: Metadata
}
