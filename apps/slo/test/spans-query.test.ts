import { expect, test } from 'vitest'
import { countBucketsQuery, exampleTracesQuery } from '../src/measure/spans-query.ts'
import type { Indicator } from '../src/measure/indicator.ts'
import { availability } from './objectives.ts'

const hostile = "x' OR 1=1 --"
const indicator: Indicator = {
  total: { service: hostile, operation: hostile, kind: 'Server', conditions: {} },
  counts: 'good',
  conditions: { statusNot: 'Error', maxDurationNs: 300_000_000 },
}

test('nothing that a person wrote is part of the query', () => {
  for (const { query, parameters } of [
    countBucketsQuery('otel_traces', { indicators: [indicator], bucketMs: 60_000, fromMs: 0, toMs: 1 }),
    exampleTracesQuery('otel_traces', { indicator, fromMs: 0, toMs: 1, limit: 5 }),
  ]) {
    expect(query).not.toContain('OR 1=1')
    expect(query.replaceAll(/\{p\d+:\w+(\(\w+\))?\}/g, '?')).not.toMatch(/'[^']+'|\d{3}/)
    expect(Object.values(parameters)).toContain(hostile)
  }
})

test('one query counts good and total of every indicator, and binds equal values once', () => {
  const { query, parameters } = countBucketsQuery('otel_traces', { indicators: [availability('a'), availability('b')], bucketMs: 60_000, fromMs: 60_000, toMs: 120_000 })
  expect(query.match(/AS (total|good)_\d/g)).toEqual(['AS total_0', 'AS good_0', 'AS total_1', 'AS good_1'])
  expect(Object.values(parameters).filter((value) => value === 'Server')).toHaveLength(1)
  expect(Object.values(parameters)).toContainEqual(['a', 'b'])
})

test('bad examples are what the counts leave out: not good, of the total', () => {
  const bad: Indicator = { ...indicator, counts: 'bad', conditions: { minDurationNs: 1000 } }
  expect(exampleTracesQuery('t', { indicator, fromMs: 0, toMs: 1, limit: 5 }).query).toMatch(/AND NOT \(\(StatusCode != \{p\d:String\} AND Duration < \{p\d:UInt64\}\)\)/)
  expect(exampleTracesQuery('t', { indicator: bad, fromMs: 0, toMs: 1, limit: 5 }).query).toMatch(/AND NOT \(NOT \(Duration >= \{p\d:UInt64\}\)\)/)
})
