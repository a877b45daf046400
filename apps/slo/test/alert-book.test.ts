import { describe, expect, test } from 'vitest'
import { deliveryId } from '../src/outbox/delivery.ts'
import { alerting, type AlertingFacts, evaluation, ListChannel, ListLog } from './alert-fakes.ts'
import { objective } from './objectives.ts'

const watched = objective()
const healthy = evaluation(watched, { good: 1000, total: 1000 })
const burning = evaluation(watched, { good: 0, total: 1000 })
/** Above 14.4 · 0.001 in no window, above 3 · 0.001 in all: a ticket, no page. */
const smouldering = evaluation(watched, { good: 996, total: 1000 })

function start(facts: Omit<AlertingFacts, 'channels'> & { readonly pager?: ListChannel } = {}) {
  const pager = facts.pager ?? new ListChannel()
  return { ...alerting({ ...facts, channels: [pager] }), pager }
}

describe('an alert', () => {
  test('is one for each severity, however many tiers hold, and however often', async () => {
    const { tick, book, history } = start()
    for (let count = 0; count < 3; count++) await tick([burning])
    expect(history.notices.map(({ state, alert }) => `${state} ${alert.severity} ${alert.tier}`).toSorted()).toEqual(['firing page 1h/5m', 'firing ticket 24h/2h'])
    expect(book.open()).toHaveLength(2)
  })

  test('of a ticket is kept from people while the same objective pages, and told when it still holds after the page', async () => {
    const { tick, pager } = start()
    await tick([burning])
    expect(pager.summary).toEqual(['firing page checkout'])
    await tick([smouldering])
    expect(pager.summary.slice(1).toSorted()).toEqual(['firing ticket checkout', 'resolved page checkout'])
    await tick([healthy])
    expect(pager.summary.at(-1)).toBe('resolved ticket checkout')
  })

  test('that nobody was told of ends without a word, and is in the history', async () => {
    const { tick, pager, history } = start()
    await tick([burning])
    await tick([healthy])
    expect(pager.summary).toEqual(['firing page checkout', 'resolved page checkout'])
    expect(history.notices.map(({ state, alert }) => `${state} ${alert.severity}`).toSorted()).toEqual(['firing page', 'firing ticket', 'resolved page', 'resolved ticket'])
  })

  test('carries its numbers, its tier, its proof and its links', async () => {
    const { tick, pager } = start()
    await tick([burning])
    expect(pager.delivered[0]!.data).toMatchObject({
      kind: 'burn',
      summary: 'checkout, checkout: error budget burns 1000 times too fast over 1h (limit 14.4)',
      slo: 'checkout',
      severity: 'page',
      tier: '1h/5m',
      target: '0.999',
      period: '30d',
      good: 0,
      bad: 1000,
      total: 1000,
      burn: { long: { window: '1h', bad: 1000, total: 1000, burn: 1000 }, short: { window: '5m', burn: 1000 }, threshold: 14.4 },
      burnRates: { '5m': 1000, '1h': 1000, '72h': 1000 },
      budgetRemaining: -999,
      timeToExhaustionMs: 0,
      exampleTraceIds: ['trace-1'],
      links: { console: 'https://console.example/objectives/checkout' },
    })
  })

  test('fires without proof when it cannot be gathered', async () => {
    const { tick, pager } = start({ prove: () => Promise.reject(new Error('too slow')) })
    await tick([burning])
    expect(pager.delivered[0]!.data.exampleTraceIds).toEqual([])
  })

  test('of an objective that was removed resolves, and says why', async () => {
    const { tick, book, pager } = start()
    await tick([smouldering])
    await tick([])
    expect(book.open()).toHaveLength(1)
    await tick([], 15_000, () => true)
    expect(pager.delivered.at(-1)).toMatchObject({ state: 'resolved', data: { resolution: 'objective removed' } })
  })
})

describe('delivery', () => {
  test('that fails is tried again under the same id, after a wait', async () => {
    const { tick, book, pager, history } = start()
    pager.failing = true
    await tick([smouldering])
    expect(book.open()).toMatchObject([{ state: 'firing', delivered: false }])
    expect(history.notices).toEqual([])
    pager.failing = false
    await tick([smouldering], 400)
    expect(pager.deliveries).toEqual([])
    await tick([smouldering], 200)
    expect(pager.deliveries).toMatchObject([{ attempts: 1, notice: { state: 'firing' } }])
    expect(pager.deliveries[0]!.id).toBe(deliveryId(history.notices[0]!, 'pager'))
    expect(book.open()).toMatchObject([{ delivered: true }])
  })

  test('of an end that fails is not forgotten', async () => {
    const { tick, book, pager } = start()
    await tick([smouldering])
    pager.failing = true
    for (let count = 0; count < 3; count++) await tick([healthy])
    expect(book.open()).toMatchObject([{ state: 'resolving', delivered: false }])
    pager.failing = false
    await tick([healthy], 60_000)
    expect(pager.summary).toEqual(['firing ticket checkout', 'resolved ticket checkout'])
    expect(book.open()).toEqual([])
  })

  test('of a short alert whose beginning was tried tells both, in order', async () => {
    const { tick, pager } = start()
    pager.failing = true
    await tick([smouldering])
    await tick([healthy])
    pager.failing = false
    await tick([healthy], 60_000)
    expect(pager.summary).toEqual(['firing ticket checkout', 'resolved ticket checkout'])
  })

  test('is not repeated when only the history failed', async () => {
    const { tick, pager, history } = start()
    history.failing = false
    await tick([healthy])
    history.failing = true
    await tick([smouldering])
    await tick([smouldering])
    history.failing = false
    await tick([smouldering], 60_000)
    expect(pager.deliveries).toHaveLength(1)
    expect(history.notices).toHaveLength(1)
  })
})

test('a fault that returns before its end was delivered is a new alert, after that end', async () => {
  const { tick, pager } = start()
  await tick([smouldering])
  pager.failing = true
  await tick([healthy])
  await tick([smouldering])
  pager.failing = false
  await tick([smouldering], 60_000)
  expect(pager.summary).toEqual(['firing ticket checkout', 'resolved ticket checkout', 'firing ticket checkout'])
  expect(new Set(pager.delivered.map(({ alert }) => alert.id)).size).toBe(2)
})

describe('a restart without Redis', () => {
  test('neither repeats nor forgets an alert', async () => {
    const first = start()
    await first.tick([smouldering])
    await first.close()
    const second = start({ history: first.history })
    await second.tick([smouldering])
    expect(second.book.open()).toMatchObject([{ state: 'firing', delivered: true, alert: { startedAtMs: first.clock.nowMs } }])
    expect(second.pager.deliveries).toEqual([])
    await second.tick([healthy])
    expect(second.pager.delivered).toMatchObject([{ state: 'resolved', alert: { id: first.pager.delivered[0]!.alert.id } }])
  })

  test('between delivery and history sends the same alert under the same ids', async () => {
    const history = new ListLog()
    const first = start({ history })
    await first.tick([healthy])
    history.failing = true
    await first.tick([smouldering])
    await first.close()
    history.failing = false
    const second = start({ history })
    await second.tick([smouldering])
    const [before, after] = [first.pager.deliveries[0]!, second.pager.deliveries[0]!]
    expect(after.notice.alert.id).toBe(before.notice.alert.id)
    expect(after.id).toBe(before.id)
  })

  test('does not give the next alert the id of the last one', async () => {
    const first = start()
    await first.tick([smouldering])
    await first.tick([healthy])
    const second = start({ history: first.history })
    await second.tick([smouldering])
    expect(second.pager.delivered[0]!.alert.id).not.toBe(first.pager.delivered[0]!.alert.id)
  })

  test('evaluates nothing until it knows of the past', async () => {
    const history = new ListLog()
    history.failing = true
    const { tick, pager } = start({ history })
    await expect(tick([burning])).rejects.toThrow('the log is away')
    expect(pager.deliveries).toEqual([])
  })
})
