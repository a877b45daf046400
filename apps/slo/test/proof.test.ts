import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { chiSquaredOf, differencesOf } from '../src/proof/chi-squared.ts'
import { inOrder } from '../src/console/trace-page.ts'
import type { TraceSpan } from '../src/proof/trace-reader.ts'
import { RecentProofs } from '../src/proof/recent-proofs.ts'
import { objective } from './objectives.ts'

const count = fc.integer({ min: 0, max: 10_000 })

describe('chi-squared of a two-by-two table', () => {
  test('is what the textbook says', () => {
    // Fisher's twins of criminals: 10 of 13 monozygotic ones were convicted as well, 2 of 17 dizygotic ones.
    expect(chiSquaredOf(10, 3, 2, 15)).toBeCloseTo(13.032, 3)
    expect(chiSquaredOf(10, 10, 10, 10)).toBe(0)
  })

  test('equals the sum of squared differences from what was expected, and does not mind which row or column is first', () => {
    fc.assert(
      fc.property(count, count, count, count, (a, b, c, d) => {
        const n = a + b + c + d
        const expected = [(a + b) * (a + c), (a + b) * (b + d), (c + d) * (a + c), (c + d) * (b + d)].map((product) => product / n)
        fc.pre(expected.every((value) => value > 0))
        const sum = [a, b, c, d].reduce((total, value, index) => total + (value - expected[index]!) ** 2 / expected[index]!, 0)
        const given = chiSquaredOf(a, b, c, d)
        expect(Math.abs(given - sum)).toBeLessThanOrEqual(1e-9 * Math.max(1, sum))
        expect(chiSquaredOf(c, d, a, b)).toBeCloseTo(given, 6)
        expect(chiSquaredOf(b, a, d, c)).toBeCloseTo(given, 6)
      }),
    )
  })

  test('is 0 and no NaN where there is nothing to compare', () => {
    expect([chiSquaredOf(0, 0, 5, 5), chiSquaredOf(5, 0, 5, 0), chiSquaredOf(0, 0, 0, 0)]).toEqual([0, 0, 0])
  })
})

describe('what differs', () => {
  const totals = { bad: 100, good: 900 }
  const value = (attribute: string, name: string, bad: number, good: number) => ({ attribute, value: name, bad, good })

  test('is named by attribute, strongest first, with shares and lift', () => {
    const found = differencesOf([value('version', '2', 90, 90), value('route', '/pay', 60, 90), value('host', 'a', 50, 450)], totals, 5)
    expect(found.map(({ attribute }) => attribute)).toEqual(['version', 'route'])
    expect(found[0]).toMatchObject({ value: '2', badShare: 0.9, goodShare: 0.1 })
    expect(found[0]!.lift).toBeCloseTo(5, 9)
  })

  test('has one value of each attribute, and no more than asked for', () => {
    const counts = ['a', 'b', 'c'].flatMap((attribute) => [value(attribute, '1', 50, 10), value(attribute, '2', 50, 20)])
    expect(differencesOf(counts, totals, 2).map(({ attribute, value: name }) => attribute + name)).toEqual(['a1', 'b1'])
  })

  test('leaves out what good events have as often, what may be chance, and anecdotes', () => {
    expect(differencesOf([value('a', '1', 10, 300), value('b', '1', 13, 90), value('c', '1', 2, 0)], totals, 5)).toEqual([])
    expect(differencesOf([value('a', '1', 100, 0)], { bad: 100, good: 0 }, 5)).toEqual([])
  })
})

describe('a waterfall', () => {
  const span = (spanId: string, parentSpanId: string, startNs: number): TraceSpan => ({ spanId, parentSpanId, startNs, name: spanId, kind: 'Server', service: 's', status: 'Unset', message: '', durationNs: 1, startedAt: '' })
  const walk = (spans: TraceSpan[]): string[] => inOrder(spans).map(({ spanId, depth }) => `${depth}${spanId}`)

  test('has each span below its parent, in the order of their beginnings', () => {
    expect(walk([span('c', 'a', 5), span('a', '', 0), span('d', 'b', 3), span('b', 'a', 2)])).toEqual(['0a', '1b', '2d', '1c'])
  })

  test('shows spans whose parent is not there, those that came twice, and those that call themselves, once', () => {
    expect(walk([span('b', 'lost', 1), span('a', 'a', 0), span('b', 'lost', 1)])).toEqual(['0a', '0b'])
  })
})

test('a proof that many look at is gathered once in a quarter of a minute', async () => {
  let [nowMs, asked] = [0, 0]
  const proof = { exampleTraceIds: [], differences: [], deploys: [] }
  const proofs = new RecentProofs({ prove: () => Promise.resolve((asked++, proof)) }, () => nowMs)
  for (const atMs of [0, 14_999, 15_000]) {
    nowMs = atMs
    expect(await proofs.read(objective(), 60_000)).toBe(proof)
  }
  expect(asked).toBe(2)
})
