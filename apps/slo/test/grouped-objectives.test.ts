import fc from 'fast-check'
import { beforeEach, expect, test } from 'vitest'
import type { Stretch } from '../src/measure/bound-query.ts'
import type { GroupBy, RowIndicator } from '../src/measure/indicator.ts'
import { seriesOf } from '../src/measure/series.ts'
import type { Budgeting } from '../src/objective/budgeting.ts'
import { GroupedObjectives, type GroupSource } from '../src/objective/grouped-objectives.ts'
import { groupObjective, groupPattern } from '../src/objective/grouping.ts'
import type { Objective } from '../src/objective/objective.ts'
import { type ObjectiveSet, readObjectiveSet } from '../src/openslo/objective-set.ts'
import { objective, shippedCatalog } from './objectives.ts'

const DAY_MS = 86_400_000
const whole: Objective = { ...objective({ period: '7d' }), grouping: { by: 'tenant', max: 2 } }
let set: ObjectiveSet
let found: readonly string[]
let failing: boolean
let nowMs: number
let looks: Stretch[]
let grouped: GroupedObjectives
let recalled: readonly { readonly value: string; readonly lastMs: number }[]
let recalls: number

const groups: GroupSource = {
  find(_indicator, _by, stretch) {
    looks.push(stretch)
    return failing ? Promise.reject(new Error('away')) : Promise.resolve(found)
  },
  recall(_pattern, sinceMs, limit) {
    recalls += 1
    return failing ? Promise.reject(new Error('away')) : Promise.resolve(recalled.filter(({ lastMs }) => lastMs >= sinceMs).slice(0, limit))
  },
}

beforeEach(() => {
  set = { objectives: [objective({ name: 'other' }), whole], problems: [], goodFiles: new Set() }
  found = ['acme']
  failing = false
  nowMs = 100 * DAY_MS
  looks = []
  recalled = []
  recalls = 0
  grouped = new GroupedObjectives({ source: { read: () => Promise.resolve(set) }, groups, bucketMs: 60_000, ingestLagMs: 5000, now: () => nowMs })
})

const names = async (): Promise<string[]> => (await grouped.read()).objectives.map(({ name }) => name)

test('each group has an objective of its own beside that of all: the same, about its rows alone', async () => {
  const { objectives } = await grouped.read()
  expect(objectives.map(({ name }) => name)).toEqual(['other', 'checkout', 'checkout@acme'])
  const { indicator, ...rest } = objectives[2]!
  expect((indicator as RowIndicator).total).toEqual({ service: 'checkout', kind: 'Server', tenant: 'acme', conditions: {} })
  expect(rest).toMatchObject({ slo: 'checkout', displayName: 'checkout, tenant acme', budget: whole.budget, tiers: whole.tiers, group: { of: 'checkout', value: 'acme' } })
  expect(rest.grouping).toBeUndefined()
})

test('a group without events is no alert, unless a policy of the objective asks for it', async () => {
  set = { ...set, objectives: [{ ...whole, wishes: { resolved: false } }, { ...whole, name: 'watched', wishes: { noData: true } }] }
  expect((await grouped.read()).objectives.filter(({ group }) => group !== undefined).map(({ wishes }) => wishes)).toEqual([{ noData: false, resolved: false }, { noData: true }])
})

test('rows are told apart by operation, or by an attribute beside those that they must have', async () => {
  const attributes = { 'http.method': 'GET' }
  const indicator = { ...(whole.indicator as RowIndicator), total: { service: 'checkout', conditions: { attributes } } }
  set = { ...set, objectives: [{ ...whole, indicator, grouping: { by: { attribute: 'http.route' }, max: 2 } }, { ...whole, name: 'second', grouping: { by: 'operation', max: 2 } }] }
  const totals = (await grouped.read()).objectives.flatMap(({ group, indicator: each }) => (group === undefined ? [] : [(each as RowIndicator).total]))
  expect(totals).toMatchObject([{ conditions: { attributes: { ...attributes, 'http.route': 'acme' } } }, { operation: 'acme' }])
})

test('nothing changes, and nobody is asked, until it is time to look again', async () => {
  const before = await grouped.read()
  nowMs += 60_000
  expect(await grouped.read()).toBe(before)
  expect(looks).toEqual([{ fromMs: nowMs - 60_000 - DAY_MS, toMs: nowMs - 60_000 }])
  nowMs += 5 * 60_000
  expect(await grouped.read()).toBe(before)
  expect(looks[1]).toEqual({ fromMs: nowMs - 6 * 60_000 - 10_000, toMs: nowMs })
})

test('a new group appears, one without events stays for the period, and goes after it', async () => {
  await grouped.read()
  found = ['bolt']
  nowMs += 5 * 60_000
  expect(await names()).toEqual(['other', 'checkout', 'checkout@acme', 'checkout@bolt'])
  for (let day = 0; day < 7; day++) {
    nowMs += DAY_MS - 60_000
    expect(await names()).toContain('checkout@acme')
  }
  nowMs += DAY_MS
  expect(await names()).toEqual(['other', 'checkout', 'checkout@bolt'])
})

test('an engine that was started again goes on with the groups that were measured within the period, until each has had no events for that long', async () => {
  recalled = [{ value: 'cask', lastMs: nowMs - 6 * DAY_MS }, { value: 'gone', lastMs: nowMs - 8 * DAY_MS }]
  expect(await names()).toEqual(['other', 'checkout', 'checkout@acme', 'checkout@cask'])
  nowMs += 1.5 * DAY_MS
  expect(await names()).toEqual(['other', 'checkout', 'checkout@acme'])
  expect(recalls).toBe(1)
})

test('measured groups come before new ones where there is no room for all', async () => {
  recalled = [{ value: 'cask', lastMs: nowMs - DAY_MS }, { value: 'dory', lastMs: nowMs - 2 * DAY_MS }]
  expect(await names()).toEqual(['other', 'checkout', 'checkout@cask', 'checkout@dory'])
})

test('is not started without the groups that were measured: it is tried again until they are known', async () => {
  failing = true
  expect(await names()).toEqual(['other', 'checkout'])
  failing = false
  recalled = [{ value: 'cask', lastMs: nowMs - DAY_MS }]
  nowMs += 15_000
  expect(await names()).toEqual(['other', 'checkout', 'checkout@acme', 'checkout@cask'])
})

test('the definitions of groups differ in their value alone, whatever is in it and whatever they are told apart by', () => {
  const bys = fc.constantFrom<GroupBy>('tenant', 'operation', { attribute: 'http.route' })
  const methods = fc.constantFrom<Budgeting>({ method: 'Occurrences' }, { method: 'RatioTimeslices', sliceMs: 300_000 })
  fc.assert(
    fc.property(bys, methods, fc.string({ minLength: 1 }), (by, budgeting, value) => {
      const each = { ...whole, indicator: whole.indicator as RowIndicator, budgeting, grouping: { by, max: 2 } }
      const { before, after } = groupPattern(each, 60_000)
      const group = groupObjective(each, value)
      const { definition } = seriesOf(group.indicator, budgeting, group.noTraffic, 60_000)
      expect(definition).toBe(before + JSON.stringify(value) + after)
    }),
  )
})

test('of more groups than allowed the busiest have objectives, and it is said', async () => {
  found = ['acme', 'bolt', 'cask']
  const { objectives, problems } = await grouped.read()
  expect(objectives.map(({ name }) => name)).toEqual(['other', 'checkout', 'checkout@acme', 'checkout@bolt'])
  expect(problems).toMatchObject([{ level: 'warning', message: expect.stringMatching(/^SLO checkout: group-by finds more than 2 groups/) as unknown }])
})

test('while groups cannot be found the known ones stay, it is an error, and it is tried again at once', async () => {
  await grouped.read()
  failing = true
  nowMs += 5 * 60_000
  expect(await names()).toContain('checkout@acme')
  expect((await grouped.read()).problems).toMatchObject([{ level: 'error', message: 'SLO checkout: group-by cannot find the groups: away.' }])
  failing = false
  nowMs += 15_000
  expect((await grouped.read()).problems).toEqual([])
})

test('the annotation group-by asks for it; what it cannot tell apart is refused', () => {
  const read = (annotations: string, total = 'service: shop'): ObjectiveSet =>
    readObjectiveSet([{ file: 'a.yaml', text: `apiVersion: openslo/v1
kind: SLO
metadata: {name: a, annotations: {${annotations}}}
spec:
  service: shop
  indicator: {spec: {ratioMetric: {good: {metricSource: {spec: {template: spans, statusNot: Error}}}, total: {metricSource: {spec: {template: spans, ${total}}}}}}}
  timeWindow: [{duration: 30d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{target: 0.99}]
` }], shippedCatalog)
  const messages = (...args: Parameters<typeof read>): string => read(...args).problems.map(({ message }) => message).join('\n')
  expect(read('group-by: attributes.http.route, max-groups: "50"').objectives[0]!.grouping).toEqual({ by: { attribute: 'http.route' }, max: 50 })
  expect(read('ballast.example/group-by: tenant').objectives[0]!.grouping).toEqual({ by: 'tenant', max: 20 })
  expect(messages('group-by: tenant', 'service: shop, tenant: acme')).toMatch(/group-by is "tenant", which tells no rows of this indicator apart/)
  expect(messages('group-by: host')).toMatch(/group-by is "host"; allowed: tenant, operation, attributes\.NAME/)
  expect(messages('group-by: tenant, max-groups: "0"')).toMatch(/max-groups is "0"; allowed: a whole number from 1 to 500/)
  expect(messages('max-groups: "5"')).toMatch(/max-groups is "5", which has no meaning without group-by/)
})
