import { expect, test } from 'vitest'
import { CacheHitsReader } from '../src/clickhouse/cache-hits.ts'
import { headlinesOf } from '../src/http/headlines.ts'
import type { AlertView } from '../src/http/alert-view.ts'
import type { ObjectiveView } from '../src/http/objective-view.ts'

function view(budgetRemaining: number | null, alert: object | null = null): ObjectiveView {
  return { name: 'a', slo: 'a', service: 'a', objective: null, target: '0.99', targetPercent: '99', window: '30d', good: 0, bad: 0, total: 0, sli: null, burn: {}, coverage: 1, provisionalMs: 0, rowsRead: 0, status: 'ok', budgetRemaining, alert: alert as AlertView | null }
}

test('an objective without budget is exhausted, whether an alert fires or not', () => {
  expect(headlinesOf([view(0), view(-3, {})])).toEqual({ objectives: 2, healthy: 0, atRisk: 0, exhausted: 2 })
})

test('an objective with an alert, or less than a quarter of its budget, is at risk', () => {
  expect(headlinesOf([view(0.9, {}), view(0.249), view(0.25), view(null, {})])).toEqual({ objectives: 3, healthy: 1, atRisk: 2, exhausted: 0 })
})

test('cache hits are read over whole minutes that have ended, and no more than once in five seconds', async () => {
  let nowMs = Date.parse('2026-11-21T12:00:05Z')
  const asked: unknown[] = []
  const reader = new CacheHitsReader({ query: (({ params }: { params: object }) => (asked.push(params), Promise.resolve([{ reads: 4, hits: 3 }]))) as never }, () => nowMs)
  expect(await reader.read()).toEqual({ fromMs: Date.parse('2026-11-21T10:59:00Z'), toMs: Date.parse('2026-11-21T11:59:00Z'), reads: 4, hitRatio: 0.75 })
  nowMs += 4_999
  await reader.read()
  expect(asked).toHaveLength(1)
  nowMs += 1
  expect((await reader.read()).toMs).toBe(Date.parse('2026-11-21T12:00:00Z'))
})

test('without reads there is no share of hits', async () => {
  const reader = new CacheHitsReader({ query: () => Promise.resolve([]) }, () => 0)
  expect(await reader.read()).toMatchObject({ reads: 0, hitRatio: null })
})
