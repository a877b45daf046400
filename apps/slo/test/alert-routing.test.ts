import { describe, expect, test } from 'vitest'
import { type Matcher, matcherSchema, matchesAll, parseMatcher } from '../src/alert/matcher.ts'
import { SloError } from '../src/errors.ts'
import { routeOf } from '../src/notify/route.ts'
import { MemoryStore } from '../src/outbox/memory-store.ts'
import { alerting, evaluation, ListChannel, settled } from './alert-fakes.ts'
import { objective } from './objectives.ts'

const watched = objective()
const healthy = evaluation(watched, { good: 1000, total: 1000 })
const burning = evaluation(watched, { good: 0, total: 1000 })
const smouldering = evaluation(watched, { good: 996, total: 1000 })
const MINUTE_MS = 60_000
const matchers = (...texts: string[]): Matcher[] => texts.map((text) => parseMatcher(text)!)

function start(facts: { readonly escalation?: { afterMs: number; targets: string[] }[]; readonly throttleMs?: number } = {}) {
  const [team, manager] = [new ListChannel('team'), new ListChannel('manager')]
  const store = new MemoryStore()
  const routes = [{ matchers: [], targets: ['team'], escalation: facts.escalation ?? [], throttleMs: facts.throttleMs ?? 0 }]
  return { ...alerting({ store, channels: [team, manager], routes }), store, team, manager }
}

describe('a matcher', () => {
  const labels = { severity: 'page', slo: 'shop-checkout' }

  test.each([
    ['severity = page', true],
    ['severity = "ticket"', false],
    ['severity != ticket', true],
    ['slo =~ "shop-.*"', true],
    ['slo =~ shop', false],
    ['slo !~ "catalog-.*"', true],
    ['team = ""', true],
  ])('%s: %j', (text, expected) => {
    expect(matchesAll(matchers(text), labels)).toBe(expected)
  })

  test.each(['severity', 'severity == page', '1a = b', 'slo =~ "("', ''])('%j is none', (text) => {
    expect(parseMatcher(text)).toBeUndefined()
  })

  test('that is a pattern must be one', () => {
    expect(matcherSchema.safeParse({ name: 'slo', value: '(', isRegex: true }).success).toBe(false)
  })
})

test('the first route that matches counts, and none tells nobody', () => {
  const route = (text: string, target: string) => ({ matchers: matchers(text), targets: [target], escalation: [], throttleMs: 0 })
  const routes = [route('severity = page', 'oncall'), route('slo = a', 'team')]
  expect(['page', 'ticket'].map((severity) => routeOf(routes, { severity, slo: 'a' }).targets)).toEqual([['oncall'], ['team']])
  expect(routeOf(routes, { severity: 'ticket', slo: 'b' }).targets).toEqual([])
})

describe('a silence', () => {
  const silence = (endsAtMs: number, text = 'slo = checkout') => ({ id: 's', matchers: matchers(text), startsAtMs: 0, endsAtMs, createdBy: 'ann', comment: 'maintenance' })

  test('keeps an alert from people, not from the history, and one that outlasts it is told then', async () => {
    const { store, tick, team, book, clock, history } = start()
    await store.silence(silence(clock.nowMs + MINUTE_MS))
    await tick([smouldering])
    expect(team.summary).toEqual([])
    expect(book.open(clock.nowMs)).toMatchObject([{ silencedBy: 'maintenance', delivered: false }])
    await tick([smouldering], MINUTE_MS)
    expect(team.summary).toEqual(['firing ticket checkout'])
    expect(history.notices).toHaveLength(1)
  })

  test('that matches something else, or is over, keeps nothing', async () => {
    const { store, tick, team, clock } = start()
    await store.silence(silence(clock.nowMs + MINUTE_MS, 'slo = other'))
    await tick([smouldering])
    expect(team.summary).toHaveLength(1)
  })

  test('does not keep an end from those who know of the beginning', async () => {
    const { store, tick, team, clock } = start()
    await tick([smouldering])
    await store.silence(silence(clock.nowMs + 60 * MINUTE_MS))
    await tick([healthy])
    expect(team.summary).toEqual(['firing ticket checkout', 'resolved ticket checkout'])
  })
})

describe('escalation', () => {
  const escalation = [{ afterMs: 10 * MINUTE_MS, targets: ['manager'] }]

  test('tells the next target after its time, once, and of the end as well', async () => {
    const { tick, team, manager } = start({ escalation })
    await tick([burning])
    await tick([burning], 9 * MINUTE_MS)
    expect(manager.summary).toEqual([])
    for (let count = 0; count < 3; count++) await tick([burning], MINUTE_MS)
    expect(manager.summary).toEqual(['firing page checkout'])
    await tick([healthy])
    expect([team, manager].map(({ summary }) => summary.at(-1))).toEqual(['resolved page checkout', 'resolved page checkout'])
  })

  test('does not happen to an alert that somebody has acknowledged', async () => {
    const { tick, manager, store, team } = start({ escalation })
    await tick([burning])
    await store.acknowledge(team.delivered[0]!.alert.id, { by: 'ann', comment: '', atMs: 0 })
    await tick([burning], 20 * MINUTE_MS)
    expect(manager.summary).toEqual([])
  })

  test('to a target that was told already tells it nothing new', async () => {
    const { tick, team } = start({ escalation: [{ afterMs: MINUTE_MS, targets: ['team'] }] })
    await tick([burning])
    await tick([burning], 2 * MINUTE_MS)
    expect(team.summary).toEqual(['firing page checkout'])
  })
})

describe('throttling', () => {
  test('tells of a flapping objective once in its time, and never of the end of what it kept back', async () => {
    const { tick, team } = start({ throttleMs: 10 * MINUTE_MS })
    for (let count = 0; count < 4; count++) {
      await tick([smouldering], MINUTE_MS)
      await tick([healthy], MINUTE_MS)
    }
    expect(team.summary).toEqual(['firing ticket checkout', 'resolved ticket checkout'])
    await tick([smouldering], 3 * MINUTE_MS)
    expect(team.summary).toHaveLength(3)
  })

  test('does not keep back a page because of a ticket', async () => {
    const { tick, team } = start({ throttleMs: 10 * MINUTE_MS })
    await tick([smouldering])
    await tick([burning])
    expect(team.summary).toEqual(['firing ticket checkout', 'firing page checkout'])
  })
})

describe('giving up', () => {
  test('a message that is refused for good is a dead letter, and the next one is sent', async () => {
    const { tick, team, store } = start()
    team.error = new SloError('DELIVERY_FAILED', 'the target answered 400', { permanent: 'message' })
    await tick([smouldering])
    expect(await store.deadLetters()).toMatchObject([{ reason: 'the target answered 400', delivery: { target: 'team', notice: { state: 'firing' } } }])
    team.error = undefined
    await tick([burning])
    expect(team.summary).toEqual(['firing page checkout'])
  })

  test('a target that is gone gets nothing more, and everybody else does', async () => {
    const { tick, team, store, history } = start()
    team.error = new SloError('DELIVERY_FAILED', 'the target answered 410', { permanent: 'target' })
    await tick([smouldering])
    team.error = undefined
    await tick([burning])
    expect(team.deliveries).toEqual([])
    expect((await store.deadLetters()).map(({ reason }) => reason)).toEqual(['the target said that it is gone', 'the target answered 410'])
    expect(history.notices).toHaveLength(2)
  })

  test('what nobody took for a day is a dead letter', async () => {
    const { tick, team, store } = start()
    team.failing = true
    await tick([smouldering])
    await tick([smouldering], 25 * 60 * MINUTE_MS)
    await settled()
    expect(await store.deadLetters()).toMatchObject([{ reason: 'too old; last: the receiver is away' }])
  })
})
