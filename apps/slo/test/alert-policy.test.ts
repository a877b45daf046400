import { describe, expect, test } from 'vitest'
import type { AlertWishes, Notify } from '../src/objective/alert-wishes.ts'
import { bareReading, type Evaluation, evaluate } from '../src/objective/evaluation.ts'
import { type ObjectiveSet, readObjectiveSet } from '../src/openslo/objective-set.ts'
import { alerting, evaluation, ListChannel } from './alert-fakes.ts'
import { objective, shippedCatalog } from './objectives.ts'

const CONDITION = 'kind: AlertCondition, metadata: {name: fast}, spec: {severity: page, condition: {kind: burnrate, op: gt, threshold: 14.4, lookbackWindow: 1h}}'
const TARGET = 'kind: AlertNotificationTarget, spec: {target: pager}'
const policy = (more = '', condition = CONDITION): string => `{${more}conditions: [{${condition}}], notificationTargets: [{${TARGET}}]}`

const read = (alertPolicies: string, others = '', receivers?: readonly string[]): ObjectiveSet =>
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
${others}` }], shippedCatalog, receivers)
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

  test('that refers to what is not there is named once, however many SLOs have it', () => {
    const broken = '---\napiVersion: openslo/v1\nkind: AlertPolicy\nmetadata: {name: page}\nspec: {conditions: [{conditionRef: fast}], notificationTargets: [{targetRef: pager}]}\n'
    expect(errors(read('{alertPolicyRef: page}, {alertPolicyRef: page}', broken))).toHaveLength(2)
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
    ['a severity of another house', `{kind: AlertPolicy, spec: ${policy('', CONDITION.replace('severity: page', 'severity: sev1'))}}`, /severity is "sev1"; allowed: page, ticket/],
    ['a short window that is the longer one', `{kind: AlertPolicy, spec: ${policy('', CONDITION.replace('spec:', 'metadata: {name: c, annotations: {short-window: 2h}}, spec:').replace('metadata: {name: fast}, ', ''))}}`, /short-window is "2h", which is longer than lookbackWindow/],
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

describe('a condition of a policy', () => {
  const condition = (more: string, annotations = ''): string =>
    `kind: AlertCondition, metadata: {name: own, annotations: {${annotations}}}, spec: {severity: page, condition: {kind: burnrate, ${more}}}`
  const inPlace = (more: string, annotations = ''): ObjectiveSet => read(`{kind: AlertPolicy, spec: ${policy('', condition(more, annotations))}}`)
  /** Whether the objective, with 1 % of budget, holds when so many of 1000 events are bad in each window. */
  const holds = (set: ObjectiveSet, bad: (windowMs: number) => number): string | undefined =>
    evaluate(set.objectives[0]!, (ms) => ({ good: 1000 - bad(ms), total: 1000 })).holding.get('page')?.tier.name

  test.each([
    ['gt', [false, false, true]],
    ['gte', [false, true, true]],
    ['lt', [true, false, false]],
    ['lte', [true, true, false]],
  ])('with %s is compared exactly, below, at and above its threshold', (op, expected) => {
    const set = inPlace(`op: ${op}, threshold: 14.4, lookbackWindow: 1h`)
    expect(set.objectives[0]!.tiers.map(({ name, severity }) => [name, severity])).toEqual([[`1h ${op} 14.4`, 'page']])
    expect([143, 144, 145].map((bad) => holds(set, () => bad) !== undefined)).toEqual(expected)
  })

  test('looks at a short window as well when its annotation names one', () => {
    const set = inPlace('op: gt, threshold: 2, lookbackWindow: 1h', 'ballast.dev/short-window: 5m')
    expect(holds(set, (ms) => (ms === 300_000 ? 0 : 500))).toBeUndefined()
    expect(holds(set, () => 500)).toBe('1h/5m gt 2')
  })

  test('stands in the place of the catalogue, one for each policy, but not that of a policy that wants no alert', () => {
    const page = `{kind: AlertPolicy, spec: ${policy('', condition('op: gt, threshold: 10, lookbackWindow: 1h'))}}`
    const ticket = `{kind: AlertPolicy, spec: ${policy('', condition('op: gte, threshold: 3, lookbackWindow: 6h').replace('severity: page', 'severity: ticket'))}}`
    const never = `{kind: AlertPolicy, spec: ${policy('alertWhenBreaching: false, ', condition('op: gt, threshold: 1, lookbackWindow: 3d'))}}`
    expect(read(`${page}, ${ticket}, ${never}`).objectives[0]!.tiers.map(({ severity, name }) => `${severity} ${name}`)).toEqual(['page 1h gt 10', 'ticket 6h gte 3'])
  })

  test('fires once it has held for alertAfter, and begins again after a pause', () => {
    const { objectives } = inPlace('op: gt, threshold: 2, lookbackWindow: 1h, alertAfter: 5m')
    let last: Evaluation | undefined
    const holdsAt = (minute: number, bad: number): boolean => (last = evaluate(objectives[0]!, bareReading(objectives[0]!, () => ({ good: 1000 - bad, total: 1000 }), minute * 60_000), last)).holding.has('page')
    expect([0, 2, 4.9, 5, 9].map((minute) => holdsAt(minute, 500))).toEqual([false, false, false, true, true])
    expect([holdsAt(10, 0), holdsAt(11, 500), holdsAt(15.9, 500), holdsAt(16, 500)]).toEqual([false, false, false, true])
  })

  test('that cannot fire, or fires while all is well, is named', () => {
    const warnings = (set: ObjectiveSet): string[] => set.problems.map(({ message }) => message)
    expect(warnings(inPlace('op: gt, threshold: 100, lookbackWindow: 1h'))).toEqual([expect.stringMatching(/1h gt 100 can never fire/)])
    expect(warnings(inPlace('op: lte, threshold: 1, lookbackWindow: 1h'))).toEqual([expect.stringMatching(/1h lte 1 fires while little burns/)])
    expect(warnings(inPlace('op: gt, threshold: 1, lookbackWindow: 40d'))).toEqual([expect.stringMatching(/looks back longer than the objective's period of 30d/)])
  })
})

describe('the targets of a policy', () => {
  const [smouldering, healthy] = [{ good: 900, total: 1000 }, { good: 1000, total: 1000 }]
  const routes = [{ matchers: [], targets: ['routed'], escalation: [], throttleMs: 0 }]
  const notify = (targets: readonly string[], more: Partial<Notify> = {}): readonly Notify[] => [{ severity: 'page', breaching: true, noData: false, targets, ...more }]
  /** What each target hears of a breach and its end. */
  async function heard(wanted: readonly Notify[], counts = [smouldering, healthy], wishes: AlertWishes = {}): Promise<Record<string, string[]>> {
    const channels = ['routed', 'pager', 'chat'].map((name) => new ListChannel(name))
    const { tick, close } = alerting({ channels, routes, alertmanagers: ['cluster'] })
    for (const each of counts) await tick([{ ...evaluation({ ...objective(), notify: wanted, wishes }, each), period: healthy }])
    await close()
    return Object.fromEntries(channels.map(({ target, summary }) => [target, summary.filter((line) => !line.includes('ticket') || line.includes('no-data'))]))
  }
  const both = ['firing page checkout', 'resolved page checkout']

  test('are told of its alerts and their ends instead of those of the route', async () => {
    expect(await heard(notify(['pager', 'chat']))).toEqual({ routed: [], pager: both, chat: both })
  })

  test('leave alerts of another severity to the routes', async () => {
    expect(await heard(notify(['pager'], { severity: 'ticket' }))).toEqual({ routed: both, pager: [], chat: [] })
  })

  test('that are not there leave their alerts to the routes; an alertmanager has them anyway', async () => {
    expect(await heard(notify(['nobody']))).toEqual({ routed: both, pager: [], chat: [] })
    expect(await heard(notify(['cluster']))).toEqual({ routed: [], pager: [], chat: [] })
  })

  test('are told that events stay away when the policy asks for that, whatever its severity', async () => {
    const nothing = [{ good: 0, total: 0 }]
    expect(await heard(notify(['pager'], { noData: true }), nothing, { noData: true })).toEqual({ routed: [], pager: ['firing no-data ticket checkout'], chat: [] })
    expect(await heard(notify(['pager']), nothing, { noData: true })).toEqual({ routed: ['firing no-data ticket checkout'], pager: [], chat: [] })
  })

  test('come from the documents, by name and in place, and one that is not there is named once', () => {
    const set = read(`{alertPolicyRef: page}, {kind: AlertPolicy, spec: ${policy()}}`, `---
apiVersion: openslo/v1
kind: AlertPolicy
metadata: {name: page}
spec: {conditions: [{${CONDITION}}], notificationTargets: [{targetRef: everybody}]}
---
apiVersion: openslo/v1
kind: AlertNotificationTarget
metadata: {name: everybody}
spec: {target: chat}
`, ['pager', 'log'])
    expect(set.objectives[0]!.notify).toEqual([{ severity: 'page', breaching: true, noData: false, targets: ['chat'] }, { severity: 'page', breaching: true, noData: false, targets: ['pager'] }])
    expect(set.problems).toMatchObject([{ level: 'warning', document: 'AlertNotificationTarget everybody', field: 'spec.target', value: 'chat' }])
  })
})
