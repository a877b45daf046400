import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type AlertNotice, alertKey } from '../src/alert/alert.ts'
import { firingNotice, nextAlertId, resolvedNotice } from '../src/alert/alert-notice.ts'
import { type AlertState, restoredState, stepAlert } from '../src/alert/alert-state.ts'
import { type Condition, conditionsOf } from '../src/alert/condition.ts'
import { parseWindow } from '../src/burn/window.ts'
import { type Evaluation, evaluate } from '../src/objective/evaluation.ts'
import { evaluation } from './alert-fakes.ts'
import { objective } from './objectives.ts'

const watched = objective()
const burning = evaluation(watched, { good: 0, total: 1000 })
const condition: Condition = { kind: 'burn', severity: 'page', holds: true, name: '1h/5m', reading: burning.holding.get('page')! }
const begin = (atMs: number) => (lastAlertId: string | undefined): AlertNotice =>
  firingNotice({ evaluation: burning, condition, proof: { exampleTraceIds: [], differences: [], deploys: [] }, links: { console: null, dashboard: null, runbook: null }, lastAlertId, atMs })

/** Runs an alert through what holds at each tick of a second; gives its notices, and its state after each. */
function run(holding: readonly boolean[], keepFiringForMs: number): { notices: AlertNotice[]; states: (AlertState | undefined)[] } {
  const notices: AlertNotice[] = []
  const states: (AlertState | undefined)[] = []
  let state: AlertState | undefined
  for (const [second, holds] of holding.entries()) {
    const nowMs = (second + 1) * 1000
    const next = stepAlert(state, holds, { nowMs, keepFiringForMs, begin: begin(nowMs), end: (firing) => resolvedNotice(firing, undefined, nowMs) })
    if (next !== undefined && next.kind !== state?.kind) notices.push(next.kind === 'firing' ? next.firing : next.resolved)
    state = next
    states.push(state)
  }
  return { notices, states }
}

const history = fc.array(fc.boolean(), { maxLength: 60 })
const keeping = fc.integer({ min: 0, max: 20 }).map((seconds) => seconds * 1000)

describe('an alert, whatever holds and when', () => {
  test('begins and ends in turn, each pair under one id that no other pair has', () => {
    fc.assert(
      fc.property(history, keeping, (holding, keepFiringForMs) => {
        const { notices } = run(holding, keepFiringForMs)
        const ids = notices.map(({ alert }) => alert.id)
        expect(notices.map(({ state }) => state)).toEqual(notices.map((_, index) => (index % 2 === 0 ? 'firing' : 'resolved')))
        expect(ids).toEqual(ids.map((_, index) => ids[index - (index % 2)]))
        expect(new Set(ids).size).toBe(Math.ceil(ids.length / 2))
        expect(notices.every(({ atMs }, index) => index === 0 || atMs > notices[index - 1]!.atMs)).toBe(true)
      }),
    )
  })

  test('fires whenever its condition holds, and ends when it has not held for as long as it is kept, to the tick', () => {
    fc.assert(
      fc.property(history, keeping, (holding, keepFiringForMs) => {
        const { states } = run(holding, keepFiringForMs)
        const expected = holding.map((_, index) => {
          const last = holding.lastIndexOf(true, index)
          if (last === -1) return undefined
          // Once it ended it stays so, until it holds again.
          return last === index || (index - last) * 1000 < keepFiringForMs ? 'firing' : 'resolved'
        })
        expect(states.map((state) => state?.kind)).toEqual(expected)
      }),
    )
  })

  test('is the same after a restart at any moment as without one', () => {
    fc.assert(
      fc.property(history, history, (before, after) => {
        const { states, notices } = run(before, 0)
        const last = notices.at(-1)
        let [whole, restarted] = [states.at(-1), last === undefined ? undefined : restoredState(last)]
        for (const [second, holds] of after.entries()) {
          const nowMs = 1e6 + second * 1000
          const context = { nowMs, keepFiringForMs: 0, begin: begin(nowMs), end: (firing: AlertNotice) => resolvedNotice(firing, undefined, nowMs) }
          ;[whole, restarted] = [stepAlert(whole, holds, context), stepAlert(restarted, holds, context)]
          expect([restarted?.kind, restarted?.alert.id]).toEqual([whole?.kind, whole?.alert.id])
        }
      }),
    )
  })
})

test('ids differ by kind, severity, objective and the alert before', () => {
  const base = { kind: 'burn', severity: 'page', name: 'a' } as const
  const ids = [nextAlertId(base, undefined), nextAlertId({ ...base, kind: 'no-data' }, undefined), nextAlertId({ ...base, severity: 'ticket' }, undefined), nextAlertId({ ...base, name: 'b' }, undefined), nextAlertId(base, 'x')]
  expect(new Set(ids).size).toBe(5)
  expect(alertKey({ kind: 'burn', severity: 'page', objective: 'a' })).toBe('burn page a')
})

describe('conditions beside burn rates', () => {
  const window = (text: string) => parseWindow(text)!
  const rules = {
    noData: { severity: 'ticket', after: window('20m') },
    budget: { severity: 'ticket', below: 0.2 },
    exhaustion: { severity: 'ticket', within: window('2d'), window: window('6h') },
  } as const
  const holding = (of: Evaluation, fires: readonly string[] = []): string[] =>
    conditionsOf(of, rules, (kind) => fires.includes(kind)).flatMap(({ kind, holds, name }) => (kind !== 'burn' && holds ? [`${kind}: ${name}`] : []))
  /** Budget left, from the bad events of a period of 100,000 at 99.9 %. */
  const withBad = (bad: number, recent = { good: 1000, total: 1000 }): Evaluation => evaluate(watched, (ms) => (ms === watched.period.ms ? { good: 100_000 - bad, total: 100_000 } : recent))

  test('no data holds when a service that had events sends none, not when it never had any', () => {
    const silent = evaluate(watched, (ms) => (ms > 30 * 60_000 ? { good: 100, total: 100 } : { good: 0, total: 0 }))
    expect(holding(silent)).toEqual(['no-data: no events for 30m'])
    expect(holding(evaluate(watched, () => ({ good: 0, total: 0 })))).toEqual([])
    expect(holding(evaluate(watched, (ms) => (ms > 5 * 60_000 ? { good: 1, total: 1 } : { good: 0, total: 0 })))).toEqual([])
  })

  test('little budget holds below its limit, and on until a little more than that is back', () => {
    expect(holding(withBad(79))).toEqual([])
    expect(holding(withBad(81))).toEqual(['budget: less than 20 % of the budget left'])
    expect([holding(withBad(76), ['budget']), holding(withBad(74), ['budget'])]).toEqual([['budget: less than 20 % of the budget left'], []])
  })

  test('exhaustion holds when the budget will be gone within its time at the present rate, and not when it is gone already', () => {
    // Half of the budget left: at a burn rate of 10 it lasts 1.5 days, at one of 7 more than 2.
    expect(holding(withBad(50, { good: 990, total: 1000 }))).toEqual(['exhaustion: budget gone within 2d'])
    expect(holding(withBad(50, { good: 993, total: 1000 }))).toEqual([])
    expect(holding(withBad(50, { good: 993, total: 1000 }), ['exhaustion'])).toEqual(['exhaustion: budget gone within 2d'])
    expect(holding(withBad(150, { good: 990, total: 1000 }))).toEqual(['budget: less than 20 % of the budget left'])
  })
})
