import { parseDecimal } from '../burn/fraction.ts'
import type { AlertWishes } from '../objective/alert-wishes.ts'
import { nameRule, readMetadata } from './metadata.ts'
import type { Reference } from './reference.ts'
import type { TextRule, YamlField } from './yaml-field.ts'

const CONNECTION = 'the connection comes from the settings CLICKHOUSE_URL, CLICKHOUSE_DATABASE and so on'
const textRule: TextRule = { maxLength: 200, allowed: 'text of up to 200 characters' }
const durationRule: TextRule = { pattern: /^\d{1,4}[mhdwMQY]$/, allowed: 'a whole number and m, h, d, w, M, Q or Y, such as 1h' }

/** An alert policy: what it joins that is written elsewhere, and of what it tells. */
export interface AlertPolicySpec {
  readonly conditions: readonly Reference[]
  readonly targets: readonly Reference[]
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

/** What several policies wish together: what one of them asks for is done, and what none asks for and one refuses is not. */
export function joinedWishes(policies: readonly { readonly wishes: AlertWishes }[]): AlertWishes {
  const said = (key: keyof AlertWishes): AlertWishes => {
    const answers = policies.flatMap(({ wishes }) => wishes[key] ?? [])
    return answers.length === 0 ? {} : { [key]: answers.includes(true) }
  }
  return { ...said('breaching'), ...said('resolved'), ...said('noData') }
}

/** Checks an AlertCondition's spec. */
export function readAlertConditionSpec(spec: YamlField): void {
  if (!spec.isMapOf(['description', 'severity', 'condition'])) return
  spec.get('severity').text(textRule)
  const condition = spec.get('condition')
  if (!condition.isMapOf(['kind', 'op', 'threshold', 'lookbackWindow', 'alertAfter'])) return
  condition.get('kind').choice(['burnrate'])
  condition.get('op').choice(['lt', 'lte', 'gt', 'gte'])
  if (parseDecimal(condition.get('threshold').digits() ?? '') === undefined) condition.get('threshold').refuse('is not a plain decimal', 'a burn rate such as 14.4')
  condition.get('lookbackWindow').text(durationRule)
  condition.get('alertAfter').optionalText(durationRule)
  condition.warn("is not evaluated: objectives are watched by the engine's tier catalogue (SLO_TIERS_FILE)")
}

/** Checks an AlertNotificationTarget's spec. */
export function readNotificationTargetSpec(spec: YamlField): void {
  if (!spec.isMapOf(['description', 'target'])) return
  spec.get('target').text(textRule)
  spec.get('target').warn('is not used: who is told of what is in the file that SLO_NOTIFY_FILE names')
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
function definition(item: YamlField, { reference, kind }: { readonly reference: string; readonly kind: string }, readSpec: (spec: YamlField) => void): Reference[] {
  if (item.get('kind').given || item.get('spec').given) {
    if (readInPlace(item, kind)) readSpec(item.get('spec'))
    return []
  }
  if (!item.isMapOf([reference])) return []
  const name = item.get(reference).text(nameRule)
  return name === undefined ? [] : [{ name, field: item.get(reference) }]
}

/** Checks what a document in place has beside its spec; `false` when it is no map. */
export function readInPlace(item: YamlField, kind: string): boolean {
  if (!item.isMapOf(['apiVersion', 'kind', 'metadata', 'spec'])) return false
  item.get('apiVersion').optionalChoice(['openslo/v1'])
  item.get('kind').choice([kind])
  if (item.get('metadata').given) readMetadata(item.get('metadata'))
  return true
}
