import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Counts } from '../src/burn/burn-rate.ts'
import { decimalText, parseDecimal } from '../src/burn/fraction.ts'
import { Measurement } from '../src/measure/measurement.ts'
import { rollingWindow } from '../src/measure/sum-window.ts'
import { combinations, combined, COMPOSITE_UNITS, type Weighing } from '../src/objective/composite.ts'
import { evaluate } from '../src/objective/evaluation.ts'
import { needOf } from '../src/objective/objective-needs.ts'
import { readingOf } from '../src/objective/reading.ts'
import { type ObjectiveSet, readObjectiveSet } from '../src/openslo/objective-set.ts'
import { ListStore } from './list-store.ts'
import { MemoryRollUp } from './memory-roll-up.ts'
import { shippedCatalog } from './objectives.ts'

const MINUTE_MS = 60_000
const NOW_MS = Date.parse('2026-11-21T00:00:00Z')
const of = (combination: Weighing['combination'], ...weights: number[]): Weighing => ({ combination, parts: weights.map((weight) => ({ weight: parseDecimal(String(weight))! })) })
const sli = ({ good, total }: Counts): number | undefined => (total === 0 ? undefined : good / total)
const half: Counts = { good: 50, total: 100 }
const most: Counts = { good: 900, total: 1000 }

describe('parts make a whole', () => {
  test('that are all needed: their ratios multiply', () => {
    expect(sli(combined(of('sequence', 1, 1), [half, most]))).toBe(0.45)
  })

  test('of which one suffices: their error ratios multiply', () => {
    expect(sli(combined(of('parallel', 1, 1), [half, most]))).toBe(0.95)
  })

  test('by weight, not by traffic', () => {
    expect(sli(combined(of('weighted', 3, 1), [half, most]))).toBe(0.6)
  })

  test('and one without events says nothing', () => {
    const nothing = { good: 0, total: 0 }
    for (const combination of combinations) {
      expect(sli(combined(of(combination, 1, 1), [half, nothing]))).toBe(0.5)
      expect(sli(combined(of(combination, 1, 1), [nothing, nothing]))).toBeUndefined()
    }
  })

  test('as exact rationals say, rounded once to a billionth, whatever the weights and however large the counts', () => {
    const part = fc.record({ total: fc.maxSafeInteger().map(Math.abs), share: fc.bigInt(0n, 1000n), thousandths: fc.bigInt(1n, 1_000_000n) })
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 12 }), (drawn) => {
        const parts = drawn.map(({ total, share, thousandths }) => ({ bad: (BigInt(total) * share) / 1000n, total: BigInt(total), thousandths }))
        const known = parts.filter(({ total }) => total > 0n)
        const whole = combined({ combination: 'weighted', parts: parts.map(({ thousandths }) => ({ weight: { numerator: thousandths, denominator: 1000n } })) }, parts.map(({ bad, total }) => ({ good: Number(total - bad), total: Number(total) })))
        // All over one denominator: the product of the totals times the sum of the weights.
        const product = known.reduce((all, { total }) => all * total, 1n)
        const denominator = product * known.reduce((all, { thousandths }) => all + thousandths, 0n)
        const numerator = known.reduce((all, { bad, total, thousandths }) => all + (thousandths * bad * product) / total, 0n)
        const units = BigInt(COMPOSITE_UNITS)
        expect([whole.total - whole.good, whole.total]).toEqual(known.length === 0 ? [0, 0] : [Number((2n * numerator * units + denominator) / (2n * denominator)), COMPOSITE_UNITS])
      }),
    )
  })

  test('which lies where it must: in sequence below the worst, in parallel above the best, by weight between', () => {
    const counts = fc.record({ total: fc.integer({ min: 1, max: 1e6 }), share: fc.nat(100) }).map(({ total, share }) => ({ good: Math.floor((total * share) / 100), total }))
    fc.assert(
      fc.property(fc.array(counts, { minLength: 2, maxLength: 6 }), (parts) => {
        const ratios = parts.map((each) => each.good / each.total)
        const whole = (combination: Weighing['combination']): number => sli(combined(of(combination, ...parts.map(() => 1)), parts))!
        expect(whole('sequence')).toBeLessThanOrEqual(Math.min(...ratios) + 1 / COMPOSITE_UNITS)
        expect(whole('parallel')).toBeGreaterThanOrEqual(Math.max(...ratios) - 1 / COMPOSITE_UNITS)
        expect(whole('weighted')).toBeGreaterThanOrEqual(Math.min(...ratios) - 1 / COMPOSITE_UNITS)
        expect(whole('weighted')).toBeLessThanOrEqual(Math.max(...ratios) + 1 / COMPOSITE_UNITS)
      }),
    )
  })
})

const slo = (name: string): string => `apiVersion: openslo/v1
kind: SLO
metadata: {name: ${name}}
spec:
  service: shop
  indicator: {spec: {ratioMetric: {good: {metricSource: {spec: {template: spans, statusNot: Error}}}, total: {metricSource: {spec: {template: spans, service: ${name}}}}}}}
  timeWindow: [{duration: 30d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{target: 0.99}]
---
`
const read = (spec: string, noTraffic = 'ignore'): ObjectiveSet => readObjectiveSet([{ file: 'a.yaml', text: `${slo('a')}${slo('b')}apiVersion: ballast/v1\nkind: Composite\nmetadata: {name: whole, annotations: {no-traffic: ${noTraffic}}}\nspec: ${spec}\n` }], shippedCatalog)
const WHOLE = '{service: shop, combine: sequence, of: [{slo: a}, {slo: b, weight: 2}], timeWindow: [{duration: 3d, isRolling: true}], target: 0.9}'

const UNION = '{service: shop, combine: union, of: [{slo: a}, {slo: b}], timeWindow: [{duration: 3d, isRolling: true}], target: 0.9, timeSliceWindow: 1m}'

/** A measurement of what two services did, minute by minute before now: one event each, bad or not, or none. */
async function measured(objectives: ObjectiveSet['objectives'], minutes: Readonly<Record<'a' | 'b', string>>): Promise<Measurement> {
  const store = new ListStore()
  for (const service of ['a', 'b'] as const) for (const [ago, what] of minutes[service].split('').toReversed().entries()) if (what !== ' ') store.add(NOW_MS - (ago + 1) * MINUTE_MS, what === 'x', service)
  const measurement = new Measurement({ store, rollUp: new MemoryRollUp(), bucketMs: MINUTE_MS, ingestLagMs: 0, finalAfterMs: 0, rescanMs: 3_600_000, scanTimeoutMs: 1000, pastBudgetMs: 60_000 })
  await measurement.refresh(objectives, NOW_MS, AbortSignal.timeout(10_000))
  return measurement
}

describe('a union of bad time', () => {
  const whole = ({ objectives }: ObjectiveSet): ObjectiveSet['objectives'][number] => objectives.find(({ name }) => name === 'whole')!

  test('counts a minute once, whichever parts were bad in it, and none in which no part had events', async () => {
    const set = read(UNION)
    expect(set.problems.filter(({ level }) => level === 'error')).toEqual([])
    const { period, budgetRemaining } = evaluate(whole(set), readingOf(whole(set), await measured(set.objectives, { a: '..xx  .', b: '.x.x x.' }), NOW_MS)!)
    expect(period).toMatchObject({ good: 2, total: 6 })
    // Four bad minutes of 432 that three days at 90 % allow.
    expect(budgetRemaining).toBeCloseTo(1 - 4 / 432, 9)
  })

  test.each([
    ['ignore', 3, 5],
    ['good', 3, 8],
    ['bad', 6, 8],
    // The second minute is as good as the first, the fifth and sixth are as bad as the fourth.
    ['hold', 5, 8],
  ])('takes a minute in which no part had events by no-traffic: %s, and one in which any had some by those', async (noTraffic, bad, total) => {
    const set = read(UNION, noTraffic)
    expect(set.problems.filter(({ level }) => level === 'error')).toEqual([])
    const objectives = [whole(set)]
    const store = new ListStore()
    const measurement = new Measurement({ store, rollUp: new MemoryRollUp(), bucketMs: MINUTE_MS, ingestLagMs: 0, finalAfterMs: 0, rescanMs: 3_600_000, scanTimeoutMs: 1000, pastBudgetMs: 60_000 })
    await measurement.refresh(objectives, NOW_MS, AbortSignal.timeout(10_000))
    // The engine watches minute by minute: what was last is known from the tick before.
    const minutes = { a: '. xx  ..', b: '. .x   x' }
    for (let minute = 0; minute < 8; minute++) {
      for (const service of ['a', 'b'] as const) if (minutes[service][minute] !== ' ') store.add(NOW_MS + minute * MINUTE_MS, minutes[service][minute] === 'x', service)
      await measurement.refresh(objectives, NOW_MS + (minute + 1) * MINUTE_MS, AbortSignal.timeout(10_000))
    }
    const sums = measurement.sum(needOf(objectives[0]!, MINUTE_MS, NOW_MS).series.id, rollingWindow(8 * MINUTE_MS, MINUTE_MS))!
    expect([sums.total - sums.good, sums.total]).toEqual([bad, total])
  })

  test('is never better than its worst part, nor worse than all of them together', async () => {
    const minute = fc.constantFrom('.', 'x', ' ')
    const set = read(UNION)
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(minute, minute), { minLength: 1, maxLength: 60 }), async (minutes) => {
        const [a, b] = [0, 1].map((part) => minutes.map((each) => each[part]).join('')) as [string, string]
        const { period } = evaluate(whole(set), readingOf(whole(set), await measured(set.objectives, { a, b }), NOW_MS)!)
        const [badA, badB] = [a, b].map((text) => text.split('').filter((each) => each === 'x').length) as [number, number]
        expect(period.total - period.good).toBeGreaterThanOrEqual(Math.max(badA, badB))
        expect(period.total - period.good).toBeLessThanOrEqual(badA + badB)
        expect(period.total).toBe(minutes.filter(([x, y]) => x !== ' ' || y !== ' ').length)
      }),
      { numRuns: 25 },
    )
  })

  test('can have time left out of it, as an SLO can', async () => {
    const correction = `---\napiVersion: ballast/v1\nkind: Correction\nmetadata: {name: works}\nspec: {slos: [whole], startTime: "2026-11-20 23:58:00", duration: 1m}\n`
    const set = readObjectiveSet([{ file: 'a.yaml', text: `${slo('a')}${slo('b')}apiVersion: ballast/v1\nkind: Composite\nmetadata: {name: whole}\nspec: ${UNION}\n${correction}` }], shippedCatalog)
    expect(set.problems.filter(({ level }) => level === 'error')).toEqual([])
    const { period } = evaluate(whole(set), readingOf(whole(set), await measured(set.objectives, { a: '.x.', b: '.xx' }), NOW_MS)!)
    expect(period).toMatchObject({ good: 1, total: 2 })
  })
})

test('a composite is measured by its parts over its own windows, and has a budget and burn rates like any other', async () => {
  const { objectives, problems } = read(WHOLE)
  expect(problems.filter(({ level }) => level === 'error')).toEqual([])
  const store = new ListStore()
  for (let minute = 1; minute <= 100; minute++) {
    store.add(NOW_MS - minute * MINUTE_MS, minute % 10 === 0, 'a')
    store.add(NOW_MS - minute * MINUTE_MS, minute % 20 === 0, 'b')
  }
  store.add(NOW_MS - 4 * 24 * 60 * MINUTE_MS, true, 'a')
  const measurement = new Measurement({ store, rollUp: new MemoryRollUp(), bucketMs: MINUTE_MS, ingestLagMs: 0, finalAfterMs: 0, rescanMs: 3_600_000, scanTimeoutMs: 1000, pastBudgetMs: 60_000 })
  await measurement.refresh(objectives, NOW_MS, AbortSignal.timeout(10_000))
  const whole = objectives.find(({ name }) => name === 'whole')!
  const evaluation = evaluate(whole, readingOf(whole, measurement, NOW_MS)!)
  expect(evaluation.sli).toBeCloseTo(0.9 * 0.95, 9)
  expect(evaluation.budgetRemaining).toBeCloseTo(1 - 1.45, 6)
})

test.each([
  ['a part that is nowhere', WHOLE.replace('slo: b', 'slo: c'), /of\[1\]\.slo is "c", which names no objective that is in effect; allowed: a, b/],
  ['one part', WHOLE.replace(', {slo: b, weight: 2}', ''), /of has 1 entries; allowed: a list of 2 to 20/],
  ['a weight of nothing', WHOLE.replace('weight: 2', 'weight: 0'), /weight is "0", which is not a weight/],
  ['another way', WHOLE.replace('sequence', 'average'), /combine is "average"; allowed: weighted, sequence, parallel, union/],
  ['slices and no union', WHOLE.replace('target: 0.9', 'target: 0.9, timeSliceWindow: 1m'), /timeSliceWindow is "1m", which has a meaning for a union of bad time only/],
  ['a union without slices', UNION.replace(', timeSliceWindow: 1m', ''), /timeSliceWindow is missing/],
  ['a union by weight', UNION.replace('slo: b', 'slo: b, weight: 2'), /of\[1\]\.weight is not a known field/],
])('a composite with %s is refused, and its parts stay', (_, spec, message) => {
  const { objectives, problems } = read(spec)
  expect(problems.map((problem) => problem.message)).toContainEqual(expect.stringMatching(message))
  expect(objectives.map(({ name }) => name)).toEqual(['a', 'b'])
})

describe('objectives with indicators of their own', () => {
  const indicator = (service: string): string => `{spec: {ratioMetric: {good: {metricSource: {spec: {template: spans, statusNot: Error}}}, total: {metricSource: {spec: {template: spans, service: ${service}}}}}}}`
  const shop = (objectives: string, more = ''): ObjectiveSet => readObjectiveSet([{ file: 'a.yaml', text: `apiVersion: openslo/v1
kind: SLO
metadata: {name: shop}
spec:
  service: shop
  timeWindow: [{duration: 30d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [${objectives}]
${more}` }], shippedCatalog)
  const [a, b] = [`{target: 0.99, indicator: ${indicator('a')}, compositeWeight: 3}`, `{targetPercent: 99.9, indicator: ${indicator('b')}}`]

  test('make a whole by weight, of their budgets and of their errors', async () => {
    const { objectives, problems } = shop(`${a}, ${b}`)
    expect([problems, objectives.map(({ name }) => name)]).toEqual([[], ['shop.1', 'shop.2', 'shop']])
    // (3 · 0.01 + 1 · 0.001) / 4 of budget.
    expect(decimalText(objectives[2]!.target)).toBe('0.99225')
    const store = new ListStore()
    for (let each = 0; each < 100; each++) for (const service of ['a', 'b']) store.add(NOW_MS - 90_000, service === 'a' && each < 2, service)
    const measurement = new Measurement({ store, rollUp: new MemoryRollUp(), bucketMs: MINUTE_MS, ingestLagMs: 0, finalAfterMs: 5 * MINUTE_MS, rescanMs: 60 * MINUTE_MS, scanTimeoutMs: 1000, pastBudgetMs: 60_000 })
    await measurement.refresh(objectives, NOW_MS, new AbortController().signal)
    const { sli: ratio, windows, budgetRemaining } = evaluate(objectives[2]!, readingOf(objectives[2]!, measurement, NOW_MS)!)
    // 3 · 2 % / 4 of errors, 0.775 % of budget.
    expect(ratio).toBe(0.985)
    expect(windows.map(({ burn }) => burn!.toFixed(9))).toContain((0.015 / 0.00775).toFixed(9))
    expect(budgetRemaining).toBeCloseTo(1 - 0.015 / 0.00775, 9)
  })

  test('alert as a whole, so that one fault is told once', () => {
    const { objectives } = shop(`${a}, ${b}`, '  alertPolicies: [{kind: AlertPolicy, spec: {conditions: [{kind: AlertCondition, spec: {severity: page, condition: {kind: burnrate, op: gt, threshold: 5, lookbackWindow: 1h}}}], notificationTargets: [{kind: AlertNotificationTarget, spec: {target: pager}}]}}]\n')
    expect(objectives.map(({ name, wishes, tiers, notify }) => [name, wishes?.breaching, tiers[0]!.name, notify?.length])).toEqual([['shop.1', false, '1h/5m', undefined], ['shop.2', false, '1h/5m', undefined], ['shop', undefined, '1h gt 5', 1]])
  })

  test('need not be several, and may refer to an SLI', () => {
    const { objectives, problems } = shop('{target: 0.99, indicatorRef: good}', `---\napiVersion: openslo/v1\nkind: SLI\nmetadata: {name: good}\n${indicator('a').replace(/^\{spec: /, 'spec: ').replace(/\}$/, '')}\n`)
    expect([problems, objectives.map(({ name, composite }) => [name, composite])]).toEqual([[], [['shop', undefined]]])
  })

  test.each([
    ['one has none', `${a}, {target: 0.9}`, /objectives\[1\].* needs exactly one of indicator and indicatorRef/],
    ['the SLO has one, too', `${a}, ${b}]\n  indicator: ${indicator('c')}\n  alertPolicies: [`, /spec\.indicator cannot stand beside indicators of the objectives/],
    ['a weight is none', `${a.replace('compositeWeight: 3', 'compositeWeight: 0')}, ${b}`, /compositeWeight is "0", which is not a weight/],
  ])('are refused when %s', (_, objectives, message) => {
    const set = shop(objectives)
    expect(set.problems.map((problem) => problem.message)).toContainEqual(expect.stringMatching(message))
    expect(set.objectives).toEqual([])
  })
})
