import { randomUUID } from 'node:crypto'
import { type ClickHouse, type Statement, tableNames } from '@ballast/clickhouse'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { ChangeStore } from '../src/clickhouse/change-store.ts'
import { RollUpStore } from '../src/clickhouse/roll-up-store.ts'
import type { Change } from '../src/corrections/change.ts'
import type { RollUpRow } from '../src/measure/roll-up.ts'
import { MemoryRollUp } from './memory-roll-up.ts'
import { openDatabase } from './span-rows.ts'

const signal = AbortSignal.timeout(60_000)
const MINUTE_MS = 60_000
/** A midnight of last week. */
const BASE = (Math.floor(Date.now() / 86_400_000) - 7) * 1440
let clickhouse: ClickHouse
let store: RollUpStore

beforeAll(async () => {
  clickhouse = await openDatabase(inject('clickhouseUrl'), 'slo_roll_up')
  store = new RollUpStore(clickhouse, { bucketMs: MINUTE_MS, timeoutMs: 20_000 })
})

afterAll(() => clickhouse.close())

const row = (series: string, minute: number, good: number, total: number, final = true): RollUpRow => ({ series, bucket: BASE + minute, sums: { good, total, rows: total, badRows: total - good }, final })

test('changes of definitions come back as they were kept, in order', async () => {
  const store = new ChangeStore(clickhouse)
  const change: Change = { atMs: 1_800_000_000_123, kind: 'objective', name: 'orders', sequence: 0, action: 'added', definition: '{"target":"0.99"}', budgetBefore: {}, budgetAfter: { orders: -0.25 } }
  const later: Change = { ...change, atMs: change.atMs + 1, kind: 'correction', action: 'removed', budgetBefore: { 'a.1': 1, b: 0.5 } }
  await store.append([later, change], signal)
  expect(await store.read(signal)).toEqual([change, later])
})

describe('the roll-up', () => {
  test('gives back what was written, and the newest of what was written again', async () => {
    const series = randomUUID()
    await store.write([row(series, 0, 10, 10, false), row(series, 3, 1, 2, false)], signal)
    await store.write([row(series, 0, 12, 2 ** 40)], signal)
    expect((await store.read([series], { from: BASE, to: BASE + 10 }, signal)).get(series)).toEqual([
      { bucket: BASE, good: 12, total: 2 ** 40, rows: 2 ** 40, badRows: 2 ** 40 - 12 },
      { bucket: BASE + 3, good: 1, total: 2, rows: 2, badRows: 1 },
    ])
    expect((await store.firstBuckets([series, 'nobody'], signal)).get(series)).toBe(BASE)
  })

  test('knows how far series are measured', async () => {
    const [a, b] = [randomUUID(), randomUUID()]
    const mark = (from: number, to: number): Promise<void> => store.saveMarks([{ series: a, definition: '{}', measured: { from: BASE + from, to: BASE + to } }], signal)
    await mark(5, 10)
    await new Promise((resolve) => setTimeout(resolve, 2))
    await mark(0, 20)
    expect(await store.marks([a, b], signal)).toEqual(new Map([[a, { from: BASE, to: BASE + 20 }]]))
  })

  test('sums any range of any series exactly, from hours where there are whole ones', async () => {
    const memory = new MemoryRollUp()
    const series = [randomUUID(), randomUUID()]
    const rows = series.flatMap((id, index) => Array.from({ length: 700 }, (_, place) => row(id, (place * 7 + index) % 2880, place, place + (place % 3))))
    await memory.write(rows)
    await store.write(rows.map((each) => ({ ...each, sums: { ...each.sums, total: each.sums.total + 5 } })), signal)
    await new Promise((resolve) => setTimeout(resolve, 2))
    await store.write(rows, signal)
    // Rolled twice: the second time counts, not both.
    await store.rollHours({ from: BASE, to: BASE + 2880 }, undefined, signal)
    await store.rollHours({ from: BASE, to: BASE + 1440 }, [series[0]!], signal)
    // So many that their rows are read in the order of the table.
    const crowd = [...series, ...Array.from({ length: 400 }, (_, index) => `nobody-${index}`)]
    const range = fc.tuple(fc.nat(2880), fc.nat(2880)).map(([a, b]) => ({ from: BASE + Math.min(a, b), to: BASE + Math.max(a, b) }))
    await fc.assert(
      fc.asyncProperty(fc.array(range, { minLength: 1, maxLength: 6 }), async (ranges) => {
        const [few, many, expected] = [await store.sums(series, ranges, signal), await store.sums(crowd, ranges, signal), await memory.sums(series, ranges)]
        const empty = ranges.map(() => ({ good: 0, total: 0, rows: 0, badRows: 0 }))
        for (const id of series) expect([few.get(id) ?? empty, many.get(id) ?? empty]).toEqual([expected.get(id), expected.get(id)])
      }),
      { numRuns: 12 },
    )
  })

  test('answers for thirty days of one series from a few of its granules, however many series there are', async () => {
    const [others, days] = [300, 30]
    const to = Math.floor(Date.now() / 3_600_000) * 60
    const from = to - days * 1440
    const insert = (table: string, start: number, step: number, count: number, more: string): Promise<void> =>
      clickhouse.command({ query: `INSERT INTO ${table} SELECT concat('many-', toString(number % ${others})), toDateTime(${start * 60} + intDiv(number, ${others}) * ${step}), 1, 1, 1, 0, ${more} FROM numbers(${others * count})` })
    await insert(tableNames.sloHour, from, 3600, days * 24, '1')
    for (const start of [from, to - 60]) await insert(tableNames.sloMinute, start, 60, 60, '1, 1')
    const asked: Statement[] = []
    const watched: ClickHouse = { ...clickhouse, query: (statement) => (asked.push(statement), clickhouse.query(statement)) }
    const month = new RollUpStore(watched, { bucketMs: MINUTE_MS, timeoutMs: 20_000 })
    expect((await month.sums(['many-7'], [{ from: from + 20, to: to - 10 }], signal)).get('many-7')![0]!.total).toBe(40 + 50 + (days * 24 - 2))
    const estimates = await Promise.all(asked.map(({ query, ...rest }) => clickhouse.query<{ rows: string }>({ ...rest, query: `EXPLAIN ESTIMATE ${query}` })))
    const rowsRead = estimates.flat().reduce((sum, { rows }) => sum + Number(rows), 0)
    expect([asked.length, rowsRead]).toEqual([1, expect.toSatisfy((rows: number) => rows <= 24 * 1024)])
  })
})
