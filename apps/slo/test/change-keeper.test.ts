import { beforeEach, describe, expect, test } from 'vitest'
import { toNumber } from '../src/burn/fraction.ts'
import type { Change, ChangeLog } from '../src/corrections/change.ts'
import { ChangeKeeper } from '../src/corrections/change-keeper.ts'
import type { Correction } from '../src/corrections/correction.ts'
import type { Objective } from '../src/objective/objective.ts'
import { evaluation } from './alert-fakes.ts'
import { objective } from './objectives.ts'

/** Our own interface over a list; `failing` makes it refuse. */
class ListChanges implements ChangeLog {
  readonly changes: Change[] = []
  failing = false

  read(): Promise<readonly Change[]> {
    return Promise.resolve([...this.changes])
  }

  append(changes: readonly Change[]): Promise<void> {
    if (this.failing) return Promise.reject(new Error('away'))
    this.changes.push(...changes)
    return Promise.resolve()
  }
}

const signal = new AbortController().signal
const half = { good: 1999, total: 2000 }
let log: ListChanges
let keeper: ChangeKeeper

beforeEach(() => {
  log = new ListChanges()
  keeper = new ChangeKeeper(log, 60_000)
})

/** Definitions change at a moment, then a tick measures. */
async function tick(nowMs: number, objectives: readonly Objective[], removable = true, before = objectives): Promise<readonly Objective[]> {
  const adopted = await keeper.adopt(objectives, before.map((each) => evaluation(each, half)), { nowMs, removable, signal })
  await keeper.keep(adopted.map((each) => evaluation(each, half)), signal)
  return adopted
}
const seen = (): string[] => log.changes.map(({ atMs, kind, action, name }) => `${atMs} ${kind} ${name} ${action}`)
const revisions = ([each]: readonly Objective[]): unknown => each!.revisions.map(({ fromMs, toMs, budget }) => [fromMs, toMs, Number(toNumber(budget).toFixed(4))])

describe('changes of targets', () => {
  test('leave the time before them to the targets of then, across restarts', async () => {
    await tick(1000, [objective({ target: '0.99' })])
    await tick(2000, [objective({ target: '0.999' })])
    keeper = new ChangeKeeper(log, 60_000)
    expect(revisions(await tick(3000, [objective({ target: '0.995' })]))).toEqual([[0, 2000, 0.01], [2000, 3000, 0.001]])
    expect(seen()).toEqual(['1000 objective checkout added', '2000 objective checkout changed', '3000 objective checkout changed'])
  })

  test('have the budgets before and after with them', async () => {
    await tick(1000, [objective({ target: '0.999' })])
    await tick(2000, [objective({ target: '0.9995' })], true, [objective({ target: '0.999' })])
    expect(log.changes[1]).toMatchObject({ budgetBefore: { checkout: 0.5 }, definition: expect.stringContaining('"target":"0.9995"') })
    expect(log.changes[1]!.budgetAfter['checkout']).toBeLessThan(0.5)
  })

  test('do not count where other events were counted, or over another period', async () => {
    await tick(1000, [objective({ target: '0.99', service: 'other' })])
    await tick(2000, [objective({ target: '0.99', period: '7d' })])
    expect(revisions(await tick(3000, [objective({ target: '0.999' })]))).toEqual([])
  })

  test('back to a target leave only the other one to history', async () => {
    await tick(1000, [objective({ target: '0.99' })])
    await tick(2000, [objective({ target: '0.999' })])
    expect(revisions(await tick(3000, [objective({ target: '0.99' })]))).toEqual([[2000, 3000, 0.001]])
  })
})

describe('what is kept', () => {
  test('is kept once, and again tried when it could not be', async () => {
    log.failing = true
    await expect(tick(1000, [objective()])).rejects.toThrow('away')
    log.failing = false
    await tick(2000, [objective()])
    await tick(3000, [objective()])
    expect(seen()).toEqual(['1000 objective checkout added'])
  })

  test('is not a removal while a file has an error', async () => {
    await tick(1000, [objective()])
    await tick(2000, [], false)
    await tick(3000, [], true)
    expect(seen()).toEqual(['1000 objective checkout added', '3000 objective checkout removed'])
  })

  test('is a correction as well, with the budgets of what it is for', async () => {
    const correction: Correction = { name: 'maintenance', slos: ['checkout'], start: '2026-03-01T02:00:00', zone: 'UTC', durationMs: 1, rule: undefined, rows: undefined }
    await tick(1000, [objective(), objective({ name: 'other' })])
    await tick(2000, [{ ...objective(), corrections: [correction] }, objective({ name: 'other' })])
    expect(seen().at(-1)).toBe('2000 correction maintenance added')
    expect(Object.keys(log.changes.at(-1)!.budgetAfter)).toEqual(['checkout'])
  })
})
