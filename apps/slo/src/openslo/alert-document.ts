import { comparisons } from '../burn/burn-rate.ts'
import { parseDecimal } from '../burn/fraction.ts'
import { severities } from '../burn/tier-catalog.ts'
import type { BurnCondition } from '../burn/tier.ts'
import type { AlertWishes } from '../objective/alert-wishes.ts'
import { type Metadata, nameRule, readMetadata } from './metadata.ts'
import type { Reference } from './reference.ts'
import { durationRule, readDuration } from './time-window.ts'
import type { TextRule, YamlField } from './yaml-field.ts'

const CONNECTION = 'the connection comes from the settings CLICKHOUSE_URL, CLICKHOUSE_DATABASE and so on'
const textRule: TextRule = { maxLength: 200, allowed: 'text of up to 200 characters' }
/** How long a condition must last may be nothing. */
const lastingRule: TextRule = { pattern: /^\d{1,4}[mhdwMQY]$/, allowed: 'a whole number, or 0, and m (minutes), h, d, w, M (months), Q or Y, such as 5m' }

/** A condition, and where it is written. */
export interface WrittenCondition extends BurnCondition {
  readonly field: YamlField
}

/** The name of a target, and where it is written. */
export interface WrittenTarget {
  readonly target: string
  readonly field: YamlField
}

/** An alert policy: what it joins, by name or as it stands in place, and of what it tells. */
export interface AlertPolicySpec {
  readonly conditions: readonly (Reference | WrittenCondition)[]
  readonly targets: readonly (Reference | WrittenTarget)[]
  readonly wishes: AlertWishes
}

/** Reads an AlertPolicy's spec; what is written in place is checked like a document of its own. */
export function readAlertPolicySpec(spec: YamlField): AlertPolicySpec {
  const fields = ['description', 'alertWhenBreaching', 'alertWhenResolved', 'alertWhenNoData', 'conditions', 'notificationTargets']
  if (!spec.isMapOf(fields)) return { conditions: [], targets: [], wishes: {} }
  const [breaching, resolved, noData] = ['alertWhenBreaching', 'alertWhenResolved', 'alertWhenNoData'].map((key) => spec.get(key).optionalFlag())
  return {
    conditions: spec.get('conditions').items({ min: 1, max: 1 }).flatMap((item) => definition(item, { reference: 'conditionRef', kind: 'AlertCondition' }, readAlertConditionSpec)),
    targets: spec.get('notificationTargets').items({ min: 1 }).flatMap((item) => definition(item, { reference: 'targetRef', kind: 'AlertNotificationTarget' }, readNotificationTargetSpec)),
    wishes: { ...(breaching !== undefined && { breaching }), ...(resolved !== undefined && { resolved }), ...(noData !== undefined && { noData }) },
  }
}

/** Reads an AlertCondition's spec. Its annotation `short-window` names a window that must burn as well. */
export function readAlertConditionSpec(spec: YamlField, annotations?: Metadata['annotations']): WrittenCondition | undefined {
  if (!spec.isMapOf(['description', 'severity', 'condition'])) return undefined
  const severity = spec.get('severity').choice(severities)
  const field = spec.get('condition')
  if (!field.isMapOf(['kind', 'op', 'threshold', 'lookbackWindow', 'alertAfter'])) return undefined
  field.get('kind').choice(['burnrate'])
  const op = field.get('op').choice(comparisons)
  const factor = parseDecimal(field.get('threshold').digits() ?? '')
  if (factor === undefined) field.get('threshold').refuse('is not a plain decimal', 'a burn rate such as 14.4')
  const lookback = readDuration(field.get('lookbackWindow'))
  const lasting = field.get('alertAfter').given ? readDuration(field.get('alertAfter'), lastingRule) : undefined
  const shortField = annotations?.get('short-window')
  const short = shortField === undefined ? lookback : readDuration(shortField, durationRule)
  if (severity === undefined || op === undefined || factor === undefined || lookback === undefined || short === undefined) return undefined
  if (short.ms > lookback.ms) return shortField?.refuse('is longer than lookbackWindow', `up to ${lookback.text}`)
  const window = ({ text, ms }: { readonly text: string; readonly ms: number }) => ({ text, ms })
  return { severity, op, factor, lookback: window(lookback), short: window(short), afterMs: lasting?.ms ?? 0, field }
}

/** Reads an AlertNotificationTarget's spec. */
export function readNotificationTargetSpec(spec: YamlField): WrittenTarget | undefined {
  if (!spec.isMapOf(['description', 'target'])) return undefined
  const target = spec.get('target').text(textRule)
  return target === undefined ? undefined : { target, field: spec.get('target') }
}

/** Checks a DataSource's spec: the engine has one connection, from its own settings. */
export function readDataSourceSpec(spec: YamlField): void {
  if (!spec.isMapOf(['description', 'type', 'connectionDetails'])) return
  spec.get('type').choice(['clickhouse'])
  const details = spec.get('connectionDetails')
  if (!details.isMapOf(undefined)) return
  for (const key of details.keys()) {
    if (key === 'urlEnv') details.get(key).choice(['CLICKHOUSE_URL'])
    else details.get(key).refuse(`is valid OpenSLO but not used here: ${CONNECTION}`, 'urlEnv: CLICKHOUSE_URL, or nothing')
  }
}

/** A name of a document, or a document in place: it needs no name, and nobody else can refer to it. */
function definition<T>(item: YamlField, { reference, kind }: { readonly reference: string; readonly kind: string }, readSpec: (spec: YamlField, annotations?: Metadata['annotations']) => T | undefined): (Reference | T)[] {
  if (item.get('kind').given || item.get('spec').given) {
    const place = readInPlace(item, kind)
    const written = place && readSpec(item.get('spec'), place.annotations)
    return written === undefined ? [] : [written]
  }
  if (!item.isMapOf([reference])) return []
  const name = item.get(reference).text(nameRule)
  return name === undefined ? [] : [{ name, field: item.get(reference) }]
}

/** Reads what a document in place has beside its spec; `undefined` when it is no map. */
export function readInPlace(item: YamlField, kind: string): { readonly annotations?: Metadata['annotations'] } | undefined {
  if (!item.isMapOf(['apiVersion', 'kind', 'metadata', 'spec'])) return undefined
  item.get('apiVersion').optionalChoice(['openslo/v1'])
  item.get('kind').choice([kind])
  const metadata = item.get('metadata').given ? readMetadata(item.get('metadata')) : undefined
  return metadata === undefined ? {} : { annotations: metadata.annotations }
}
