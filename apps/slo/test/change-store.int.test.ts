import { type ClickHouse, tableNames } from '@ballast/clickhouse'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { ChangeStore } from '../src/clickhouse/change-store.ts'
import type { ChangeLog } from '../src/corrections/change.ts'
import { ChangeKeeper } from '../src/corrections/change-keeper.ts'
import type { Objective } from '../src/objective/objective.ts'
import { evaluation } from './alert-fakes.ts'
import { objective } from './objectives.ts'
import { openDatabase } from './span-rows.ts'

const REPLICAS = 3
const NOW_MS = 1_800_000_000_000
const signal = AbortSignal.timeout(60_000)
let clickhouse: ClickHouse

beforeAll(async () => {
  clickhouse = await openDatabase(inject('clickhouseUrl'), 'slo_changes')
})

afterAll(() => clickhouse.close())

/** The real log, seen by replicas that run in step: none writes before all have read. */
function inStep(): ChangeLog[] {
  const store = new ChangeStore(clickhouse)
  let waiting: (() => void)[] = []
  const meet = async (): Promise<void> => {
    await new Promise<void>((resolve) => {
      waiting.push(resolve)
      if (waiting.length < REPLICAS) return
      for (const go of waiting) go()
      waiting = []
    })
  }
  return Array.from({ length: REPLICAS }, () => ({
    async read(abort) {
      const changes = await store.read(abort)
      await meet()
      return changes
    },
    append: (changes, abort) => store.append(changes, abort),
  }))
}

test('three replicas that find a change at once write one change: the earliest, with older targets the same for all', async () => {
  const keepers = inStep().map((log) => new ChangeKeeper(log, 60_000))
  const tick = (nowMs: number, objectives: readonly Objective[]): Promise<readonly (readonly Objective[])[]> =>
    Promise.all(
      keepers.map(async (keeper, replica) => {
        const adopted = await keeper.adopt(objectives, [], { nowMs: nowMs + replica, removable: true, signal })
        await keeper.keep(adopted.map((each) => evaluation(each, { good: 1999, total: 2000 })), signal)
        return adopted
      }),
    )
  await tick(NOW_MS, [objective({ target: '0.99' }), objective({ name: 'other' })])
  const adopted = await tick(NOW_MS + 1000, [objective({ target: '0.999' })])
  expect((await new ChangeStore(clickhouse).read(signal)).map(({ atMs, name, sequence, action }) => `${atMs - NOW_MS} ${name} ${sequence} ${action}`)).toEqual(['0 checkout 0 added', '0 other 0 added', '1000 checkout 1 changed', '1000 other 1 removed'])
  expect(adopted.map(([each]) => each!.revisions.length)).toEqual([1, 1, 1])
  await clickhouse.command({ query: `OPTIMIZE TABLE ${tableNames.sloChanges} FINAL` })
  expect(await clickhouse.query({ query: `SELECT toUInt32(count()) AS rows FROM ${tableNames.sloChanges}` })).toEqual([{ rows: 4 }])
})
