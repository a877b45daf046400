import { describe, expect, test } from 'vitest'
import { complement, parseDecimal, toNumber } from '../src/burn/fraction.ts'
import { parseTierCatalog } from '../src/burn/tier-catalog.ts'
import { tiersFor } from '../src/burn/tier.ts'
import { parseWindow } from '../src/burn/window.ts'
import { SloError } from '../src/errors.ts'
import { shippedCatalog } from './objectives.ts'

const scaled = (target: string, period: string): ReturnType<typeof tiersFor> =>
  tiersFor(shippedCatalog, { budget: complement(parseDecimal(target)!), period: parseWindow(period)! })
const factors = (target: string, period: string, catalog = shippedCatalog): number[] =>
  tiersFor(catalog, { budget: complement(parseDecimal(target)!), period: parseWindow(period)! }).tiers.map(({ factor }) => toNumber(factor))

describe('vector 21: factors follow the period', () => {
  test.each([
    ['28d', [13.44, 5.6, 2.8, 0.933333]],
    ['30d', [14.4, 6, 3, 1]],
    ['7d', [3.36, 1.4, 0.7, 0.233333]],
    ['90d', [43.2, 18, 9, 3]],
  ])('over %s', (period, expected) => {
    const actual = factors('0.999', period, { ...shippedCatalog, shortPeriods: [] })
    expect(actual).toHaveLength(4)
    for (const [index, factor] of actual.entries()) expect(factor).toBeCloseTo(expected[index]!, 6)
  })

  test('over a week the shipped tiers ask for larger shares, because those of 30 days would wait for less than what is sustainable', () => {
    expect(factors('0.999', '7d').map((factor) => Number(factor.toPrecision(4)))).toEqual([13.44, 3.5, 1.4, 0.98])
  })

  test('the shipped tiers are those of the SRE workbook, with their windows and severities', () => {
    expect(scaled('0.999', '30d').tiers.map(({ name, severity }) => `${severity} ${name}`)).toEqual(['page 1h/5m', 'page 6h/30m', 'ticket 24h/2h', 'ticket 72h/6h'])
  })
})

describe('the worked table: a total outage at 99.9 % over 30 days', () => {
  test('is found after 51.84 s, 129.6 s, 259.2 s and 259.2 s, and clears within the short window', () => {
    const { tiers } = scaled('0.999', '30d')
    // t = factor · B · W / e, with e = 1.
    expect(tiers.map(({ threshold, long }) => (toNumber(threshold) * long.ms) / 1000)).toEqual([51.84, 129.6, 259.2, 259.2])
    expect(tiers.map(({ long, short }) => long.ms / short.ms)).toEqual([12, 12, 12, 12])
  })
})

describe('a threshold that can never fire', () => {
  test('is left out, with a sentence, and the others stay', () => {
    const { tiers, refusals } = scaled('0.9', '30d')
    expect(tiers.map(({ name }) => name)).toEqual(['6h/30m', '24h/2h', '72h/6h'])
    expect(refusals).toEqual(['the page tier 1h/5m can never fire: it needs a burn rate above 14.4, and a total outage burns 10; it is left out'])
  })

  test('is one that equals the highest possible burn rate where the comparison is strict, and one above it where it is not', () => {
    const catalog = parseTierCatalog('{"bucket":"1m","tiers":[{"severity":"page","budgetShare":"0.01","long":"1h","short":"5m"}]}', 'tiers.json')
    const at = (target: string): number => tiersFor(catalog, { budget: complement(parseDecimal(target)!), period: parseWindow('1000h')! }).tiers.length
    expect([at('0.9'), at('0.9001')]).toEqual([0, 1])
    const orEqual = parseTierCatalog('{"bucket":"1m","tiers":[{"severity":"page","op":"gte","budgetShare":"0.01","long":"1h","short":"5m"}]}', 'tiers.json')
    expect(['0.9', '0.8999'].map((target) => tiersFor(orEqual, { budget: complement(parseDecimal(target)!), period: parseWindow('1000h')! }).tiers.length)).toEqual([1, 0])
  })

  test('is one that looks back longer than the period', () => {
    const { tiers, refusals } = scaled('0.999', '1d')
    expect(tiers.map(({ name }) => name)).toEqual(['1h/5m', '6h/30m', '24h/2h'])
    expect(refusals[0]).toContain('ticket tier 72h/6h looks back longer than the objective\'s period of 1d')
  })
})

test('a tier that fires although the budget lasts is said', () => {
  expect(scaled('0.999', '28d').warnings).toEqual(['the ticket tier 72h/6h fires at a burn rate of 0.933333, which does not exhaust the budget within 28d'])
  expect(scaled('0.999', '30d').warnings).toEqual([])
})

describe('a catalogue', () => {
  const tier = { severity: 'page', budgetShare: '0.02', long: '1h', short: '5m' }
  const parse = (catalog: unknown): unknown => parseTierCatalog(JSON.stringify(catalog), 'tiers.json')

  test.each([
    ['a severity that is unknown', { bucket: '1m', tiers: [{ ...tier, severity: 'sms' }] }, /tiers\.0\.severity/],
    ['a share above 1', { bucket: '1m', tiers: [{ ...tier, budgetShare: '1.5' }] }, /tiers\.0\.budgetShare: is "1\.5"; allowed/],
    ['a window that is no duration', { bucket: '1m', tiers: [{ ...tier, long: 'soon' }] }, /tiers\.0\.long: is "soon"; allowed/],
    ['a short window of one bucket', { bucket: '5m', tiers: [tier] }, /less than two buckets of 5m/],
    ['a short window that is longer', { bucket: '1m', tiers: [{ ...tier, short: '2h' }] }, /not shorter than its long one/],
    ['a window that cuts a bucket', { bucket: '2m', tiers: [tier] }, /not a whole number of buckets/],
    ['no tiers', { bucket: '1m', tiers: [] }, /tiers/],
    ['a field that is unknown', { bucket: '1m', tiers: [{ ...tier, factor: 14.4 }] }, /factor/],
  ])('with %s is refused by file and field', (_, catalog, message) => {
    expect(() => parse(catalog)).toThrow(message)
    expect(() => parse(catalog)).toThrow(/^tiers\.json /)
  })

  test('that is not JSON is refused with a code', () => {
    expect(() => parseTierCatalog('bucket: 1m', 'tiers.json')).toThrow(SloError)
    expect(() => parseTierCatalog('bucket: 1m', 'tiers.json')).toThrow(/tiers\.json is not JSON/)
  })
})
