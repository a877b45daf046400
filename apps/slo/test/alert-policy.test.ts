import { describe, expect, test } from 'vitest'
import type { AlertWishes } from '../src/objective/alert-wishes.ts'
import { type ObjectiveSet, readObjectiveSet } from '../src/openslo/objective-set.ts'
import { alerting, evaluation, ListChannel } from './alert-fakes.ts'
import { objective, shippedCatalog } from './objectives.ts'

const CONDITION = 'kind: AlertCondition, metadata: {name: fast}, spec: {severity: page, condition: {kind: burnrate, op: gt, threshold: 14.4, lookbackWindow: 1h}}'
const TARGET = 'kind: AlertNotificationTarget, spec: {target: pager}'
const policy = (more = '', condition = CONDITION): string => `{${more}conditions: [{${condition}}], notificationTargets: [{${TARGET}}]}`

const read = (alertPolicies: string, others = ''): ObjectiveSet =>
  readObjectiveSet([{ file: 'a.yaml', text: `apiVersion: openslo/v1
kind: SLO
metadata: {name: orders}
spec:
  service: checkout
  indicator: {spec: {ratioMetric: {good: {metricSource: {spec: {template: spans, statusNot: Error}}}, total: {metricSource: {spec: {template: spans, service: checkout}}}}}}
  timeWindow: [{duration: 30d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{target: 0.99}]
  alertPolicies: [${alertPolicies}]
${others}` }], shippedCatalog)
const errors = ({ problems }: ObjectiveSet): string[] => problems.filter(({ level }) => level === 'error').map(({ message }) => message)

describe('an alert policy', () => {
  test('may stand in its SLO, and its condition and targets in it', () => {
    const set = read(`{kind: AlertPolicy, metadata: {name: page}, spec: ${policy('alertWhenResolved: false, ')}}`)
    expect(errors(set)).toEqual([])
    expect(set.objectives[0]!.wishes).toEqual({ resolved: false })
  })

  test('may be a document of its own with both in place', () => {
    const set = read('{alertPolicyRef: page}', `---\napiVersion: openslo/v1\nkind: AlertPolicy\nmetadata: {name: page}\nspec: ${policy('alertWhenNoData: true, ')}\n`)
    expect(errors(set)).toEqual([])
    expect(set.objectives[0]!.wishes).toEqual({ noData: true })
  })

  test('in place may refer to what stands elsewhere, and is told when that is nowhere', () => {
    const spec = '{conditions: [{conditionRef: fast}], notificationTargets: [{targetRef: pager}]}'
    expect(errors(read(`{kind: AlertPolicy, spec: ${spec}}`))).toEqual([
      expect.stringMatching(/alertPolicies\[0\]\.spec\.conditions\[0\]\.conditionRef is "fast", which names no AlertCondition/),
      expect.stringMatching(/notificationTargets\[0\]\.targetRef is "pager", which names no AlertNotificationTarget/),
    ])
  })

  test('of several, what one asks for is done', () => {
    const two = [policy('alertWhenBreaching: false, alertWhenNoData: false, '), policy('alertWhenBreaching: true, alertWhenNoData: false, ')].map((spec) => `{kind: AlertPolicy, spec: ${spec}}`)
    expect(read(two.join(', ')).objectives[0]!.wishes).toEqual({ breaching: true, noData: false })
  })

  test.each([
    ['another kind in place', `{kind: Service, spec: ${policy()}}`, /alertPolicies\[0\]\.kind is "Service"; allowed: AlertPolicy/],
    ['a condition in place that is wrong', `{kind: AlertPolicy, spec: ${policy('', CONDITION.replace('burnrate', 'burn'))}}`, /conditions\[0\]\.spec\.condition\.kind is "burn"; allowed: burnrate/],
    ['a condition in place and by name', `{kind: AlertPolicy, spec: ${policy('', `conditionRef: fast, ${CONDITION}`)}}`, /conditionRef is not a known field/],
    ['two conditions', `{kind: AlertPolicy, spec: {conditions: [{${CONDITION}}, {${CONDITION}}], notificationTargets: [{${TARGET}}]}}`, /conditions has 2 entries; allowed: a list of exactly 1/],
    ['a wish that is no flag', `{kind: AlertPolicy, spec: ${policy('alertWhenResolved: sometimes, ')}}`, /alertWhenResolved is "sometimes"; allowed: true, false/],
  ])('with %s is refused', (_, text, message) => {
    expect(errors(read(text))).toContainEqual(expect.stringMatching(message))
  })
})

describe('people are told', () => {
  const smouldering = { good: 996, total: 1000 }
  const healthy = { good: 1000, total: 1000 }
  const nothing = { good: 0, total: 0 }
  const noData = { severity: 'ticket', after: { text: '30m', ms: 1_800_000 } } as const
  /** What a pager hears of an objective with these wishes: the counts of each tick, the period always with events. */
  async function heard(wishes: AlertWishes, ticks: readonly { readonly good: number; readonly total: number }[], rules = {}): Promise<{ readonly pager: string[]; readonly history: string[] }> {
    const pager = new ListChannel()
    const { tick, history, close } = alerting({ channels: [pager], rules })
    for (const counts of ticks) await tick([{ ...evaluation({ ...objective(), wishes }, counts), period: healthy }])
    await close()
    return { pager: pager.summary, history: history.notices.map(({ state }) => state) }
  }

  test('of a breach and of its end, unless a policy says otherwise', async () => {
    expect(await heard({}, [smouldering, healthy])).toEqual({ pager: ['firing ticket checkout', 'resolved ticket checkout'], history: ['firing', 'resolved'] })
    expect(await heard({ breaching: false }, [smouldering, healthy])).toEqual({ pager: [], history: [] })
    expect(await heard({ resolved: false }, [smouldering, healthy])).toEqual({ pager: ['firing ticket checkout'], history: ['firing', 'resolved'] })
  })

  test('again of the next breach after an end that they were not told of', async () => {
    expect((await heard({ resolved: false }, [smouldering, healthy, smouldering])).pager).toEqual(['firing ticket checkout', 'firing ticket checkout'])
  })

  test('of no data where the catalogue or a policy says so, and not where a policy refuses', async () => {
    expect((await heard({}, [nothing])).pager).toEqual([])
    expect((await heard({ noData: true }, [nothing])).pager).toEqual(['firing no-data ticket checkout'])
    expect((await heard({}, [nothing], { noData })).pager).toEqual(['firing no-data ticket checkout'])
    expect((await heard({ noData: false }, [nothing], { noData })).pager).toEqual([])
  })
})
