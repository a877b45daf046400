import { parseDecimal } from '../burn/fraction.ts'
import { nameRule } from './metadata.ts'
import type { Reference } from './slo-document.ts'
import type { TextRule, YamlField } from './yaml-field.ts'

const CONNECTION = 'the connection comes from the settings CLICKHOUSE_URL, CLICKHOUSE_DATABASE and so on'
const textRule: TextRule = { maxLength: 200, allowed: 'text of up to 200 characters' }
const durationRule: TextRule = { pattern: /^\d{1,4}[mhdwMQY]$/, allowed: 'a whole number and m, h, d, w, M, Q or Y, such as 1h' }

/** What an alert policy joins. */
export interface AlertPolicyReferences {
  readonly conditions: readonly Reference[]
  readonly targets: readonly Reference[]
}

/** Checks an AlertPolicy's spec; gives what it refers to. */
export function readAlertPolicySpec(spec: YamlField): AlertPolicyReferences {
  const fields = ['description', 'alertWhenBreaching', 'alertWhenResolved', 'alertWhenNoData', 'conditions', 'notificationTargets']
  if (!spec.isMapOf(fields)) return { conditions: [], targets: [] }
  for (const key of ['alertWhenBreaching', 'alertWhenResolved']) {
    if (spec.get(key).optionalFlag() === false) spec.get(key).refuse('is valid OpenSLO but alerts cannot be muted here yet', 'true')
  }
  const noData = spec.get('alertWhenNoData')
  if (noData.optionalFlag() === true) noData.refuse('is valid OpenSLO but alerts without data are not supported here yet', 'false')
  return {
    conditions: spec.get('conditions').items({ min: 1, max: 1 }).flatMap((item) => reference(item, 'conditionRef')),
    targets: spec.get('notificationTargets').items({ min: 1 }).flatMap((item) => reference(item, 'targetRef')),
  }
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
  spec.get('target').warn('is not used: alerts go to the webhook that SLO_WEBHOOK_URL names')
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

function reference(item: YamlField, key: string): Reference[] {
  if (item.get('kind').given) {
    item.refuse('is valid OpenSLO, but a definition in place is not supported here yet', key)
    return []
  }
  if (!item.isMapOf([key])) return []
  const name = item.get(key).text(nameRule)
  return name === undefined ? [] : [{ name, field: item.get(key) }]
}
