import { createLogger } from '@ballast/service'
import { describe, expect, test } from 'vitest'
import { AlertBook } from '../src/alert/alert-book.ts'
import { fire, quiet, resolve } from '../src/alert/alert-state.ts'
import { webhookId } from '../src/notify/webhook-notifier.ts'
import { evaluation, ListLog, ListNotifier, settled } from './alert-fakes.ts'
import { objective } from './objectives.ts'

const NOW_MS = 1_800_000_000_000
const signal = new AbortController().signal
const watched = objective()
const healthy = evaluation(watched, { good: 1000, total: 1000 })
const burning = evaluation(watched, { good: 0, total: 1000 })
/** Above 14.4 · 0.001 in no window, above 3 · 0.001 in all: a ticket, no page. */
const smouldering = evaluation(watched, { good: 996, total: 1000 })

interface Setup {
  readonly book: AlertBook
  readonly alertLog: ListLog
  readonly notifier: ListNotifier
}

async function start(given: Partial<Pick<Setup, 'alertLog' | 'notifier'>> & { readonly traces?: () => Promise<string[]> } = {}): Promise<Setup> {
  const { alertLog = new ListLog(), notifier = new ListNotifier(), traces = () => Promise.resolve(['trace-1']) } = given
  const book = new AlertBook({ log: createLogger('slo', 'silent'), alertLog, notifier, exampleTraces: traces, recordTimeoutMs: 1000 })
  await book.restore(signal)
  return { book, alertLog, notifier }
}

describe('an alert', () => {
  test('is one for each severity, however many tiers hold, and however often', async () => {
    const { book, alertLog, notifier } = await start()
    for (const atMs of [NOW_MS, NOW_MS + 1000, NOW_MS + 2000]) await book.update([burning], atMs)
    await settled()
    expect(notifier.summary).toEqual(['firing page checkout', 'firing ticket checkout'])
    expect(alertLog.notices.map(({ state, alert }) => `${state} ${alert.tier}`)).toEqual(['firing 1h/5m', 'firing 24h/2h'])
    expect(book.open()).toMatchObject([{ state: 'firing', delivered: true }, { state: 'firing', delivered: true }])
  })

  test('resolves by severity, when none of its tiers holds', async () => {
    const { book, notifier } = await start()
    await book.update([burning], NOW_MS)
    await settled()
    await book.update([smouldering], NOW_MS + 1000)
    await settled()
    expect(notifier.summary).toEqual(['firing page checkout', 'firing ticket checkout', 'resolved page checkout'])
    await book.update([healthy], NOW_MS + 2000)
    await settled()
    expect(notifier.summary.at(-1)).toBe('resolved ticket checkout')
    expect(book.open()).toEqual([])
  })

  test('carries its numbers, its tier and its examples', async () => {
    const { book, notifier } = await start()
    await book.update([burning], NOW_MS)
    await settled()
    expect(notifier.delivered[0]!.data).toMatchObject({
      slo: 'checkout',
      severity: 'page',
      tier: '1h/5m',
      target: '0.999',
      period: '30d',
      good: 0,
      bad: 1000,
      total: 1000,
      burn: { long: { window: '1h', bad: 1000, total: 1000, burn: 1000 }, short: { window: '5m', burn: 1000 }, threshold: 14.4 },
      budgetRemaining: -999,
      timeToExhaustionMs: 0,
      exampleTraceIds: ['trace-1'],
    })
  })

  test('fires without examples when they cannot be read', async () => {
    const { book, notifier } = await start({ traces: () => Promise.reject(new Error('too slow')) })
    await book.update([burning], NOW_MS)
    await settled()
    expect(notifier.delivered[0]!.data.exampleTraceIds).toEqual([])
  })

  test('of an objective that was removed resolves, and says why', async () => {
    const { book, notifier } = await start()
    await book.update([smouldering], NOW_MS)
    await settled()
    book.removeAllBut(new Set(['checkout']), NOW_MS + 1000)
    expect(book.open()).toHaveLength(1)
    book.removeAllBut(new Set(), NOW_MS + 2000)
    await settled()
    expect(notifier.delivered.at(-1)).toMatchObject({ state: 'resolved', data: { resolution: 'objective removed' } })
  })
})

describe('delivery', () => {
  test('that fails is tried again at the next tick, with the same id', async () => {
    const { book, notifier, alertLog } = await start()
    notifier.failing = true
    await book.update([smouldering], NOW_MS)
    await settled()
    expect(book.open()).toMatchObject([{ state: 'firing', delivered: false }])
    expect(alertLog.notices).toEqual([])
    notifier.failing = false
    await book.update([smouldering], NOW_MS + 1000)
    await settled()
    expect(notifier.delivered).toMatchObject([{ state: 'firing', atMs: NOW_MS }])
    expect(book.open()).toMatchObject([{ delivered: true }])
  })

  test('of an end that fails is not forgotten', async () => {
    const { book, notifier } = await start()
    await book.update([smouldering], NOW_MS)
    await settled()
    notifier.failing = true
    for (const second of [1, 2, 3]) await book.update([healthy], NOW_MS + second * 1000)
    await settled()
    expect(book.open()).toMatchObject([{ state: 'resolving', delivered: false }])
    notifier.failing = false
    await book.update([healthy], NOW_MS + 4000)
    await settled()
    expect(notifier.summary).toEqual(['firing ticket checkout', 'resolved ticket checkout'])
    expect(book.open()).toEqual([])
  })

  test('of a short alert whose beginning was never delivered tells both, in order', async () => {
    const { book, notifier } = await start()
    notifier.failing = true
    await book.update([smouldering], NOW_MS)
    await settled()
    await book.update([healthy], NOW_MS + 1000)
    await settled()
    notifier.failing = false
    await book.update([healthy], NOW_MS + 2000)
    await settled()
    expect(notifier.summary).toEqual(['firing ticket checkout', 'resolved ticket checkout'])
  })

  test('is not repeated when only the record failed', async () => {
    const { book, notifier, alertLog } = await start()
    alertLog.failing = true
    await book.update([smouldering], NOW_MS)
    await settled()
    await book.update([smouldering], NOW_MS + 1000)
    await settled()
    alertLog.failing = false
    await book.update([smouldering], NOW_MS + 2000)
    await settled()
    expect(notifier.delivered).toHaveLength(1)
    expect(alertLog.notices).toHaveLength(1)
  })
})

test('a fault that returns before its end was delivered is a new alert, after that end', async () => {
  const { book, notifier } = await start()
  await book.update([smouldering], NOW_MS)
  await settled()
  notifier.failing = true
  await book.update([healthy], NOW_MS + 1000)
  await settled()
  await book.update([smouldering], NOW_MS + 2000)
  await settled()
  expect(book.open()).toMatchObject([{ state: 'resolving' }])
  notifier.failing = false
  for (const second of [3, 4]) {
    await book.update([smouldering], NOW_MS + second * 1000)
    await settled()
  }
  expect(notifier.summary).toEqual(['firing ticket checkout', 'resolved ticket checkout', 'firing ticket checkout'])
  expect(new Set(notifier.delivered.map(({ alert }) => alert.id)).size).toBe(2)
})

test('only what is quiet fires, and only what fires resolves', async () => {
  const { book, notifier } = await start()
  await book.update([smouldering], NOW_MS)
  await settled()
  const [notice] = notifier.delivered
  const firing = fire(quiet, () => notice!)
  const resolving = resolve(firing, (begun) => begun)
  expect([fire(firing, () => notice!), fire(resolving, () => notice!)]).toEqual([firing, resolving])
  expect([resolve(quiet, (begun) => begun), resolve(resolving, () => ({ ...notice!, atMs: 0 }))]).toEqual([quiet, resolving])
})

describe('a restart', () => {
  test('neither repeats nor forgets an alert', async () => {
    const first = await start()
    await first.book.update([smouldering], NOW_MS)
    await settled()
    await first.book.close()
    const second = await start({ alertLog: first.alertLog })
    expect(second.book.open()).toMatchObject([{ state: 'firing', delivered: true, alert: { startedAtMs: NOW_MS } }])
    await second.book.update([smouldering], NOW_MS + 1000)
    await settled()
    expect(second.notifier.delivered).toEqual([])
    await second.book.update([healthy], NOW_MS + 2000)
    await settled()
    expect(second.notifier.summary).toEqual(['resolved ticket checkout'])
    expect(second.notifier.delivered[0]!.alert.id).toBe(first.notifier.delivered[0]!.alert.id)
  })

  test('between delivery and record sends the same alert under the same ids', async () => {
    const first = await start()
    first.alertLog.failing = true
    await first.book.update([smouldering], NOW_MS)
    await settled()
    await first.book.close()
    first.alertLog.failing = false
    const second = await start({ alertLog: first.alertLog })
    await second.book.update([smouldering], NOW_MS + 5000)
    await settled()
    const [before, after] = [first.notifier.delivered[0]!, second.notifier.delivered[0]!]
    expect(after.alert.id).toBe(before.alert.id)
    expect(webhookId(after)).toBe(webhookId(before))
  })

  test('does not give the next alert the id of the last one', async () => {
    const first = await start()
    await first.book.update([smouldering], NOW_MS)
    await settled()
    await first.book.update([healthy], NOW_MS + 1000)
    await settled()
    const second = await start({ alertLog: first.alertLog })
    await second.book.update([smouldering], NOW_MS + 2000)
    await settled()
    expect(second.notifier.delivered[0]!.alert.id).not.toBe(first.notifier.delivered[0]!.alert.id)
  })
})
