import { BlockBuilder, ClickHouseError, readNativeRows } from '@ballast/clickhouse'
import { beforeEach, describe, expect, test } from 'vitest'
import { SegmentInserter } from '../src/delivery/segment-inserter.ts'
import type { JournalRecord } from '../src/journal/journal-record.ts'
import { FakeStore, unreachable } from './fake-store.ts'

const columns = [{ name: 'SpanName', type: 'LowCardinality(String)' }, { name: 'Timestamp', type: 'DateTime64(9)' }, { name: 'Attributes', type: 'Map(LowCardinality(String), String)' }]

let store: FakeStore
let counted: { stored: number; rejected: number; lost: number }
let inserter: SegmentInserter
beforeEach(() => {
  store = new FakeStore()
  store.poison = 'poison'
  store.onlyTable = 'otel_traces'
  counted = { stored: 0, rejected: 0, lost: 0 }
  const counters = {
    inserted: () => undefined,
    stored: ({ rows }: { rows: number }) => void (counted.stored += rows),
    rejected: (_: unknown, __: unknown, rows: number) => void (counted.rejected += rows),
    viewRefused: () => undefined,
    quarantineLost: (rows: number) => void (counted.lost += rows),
  }
  inserter = new SegmentInserter({ store, counters, timeoutMs: 1000, now: () => 0, signal: new AbortController().signal, onViewRefused: () => undefined })
})

/** One request with a span of each name. */
function record(sequence: number, ...names: string[]): JournalRecord {
  const builder = new BlockBuilder(columns)
  for (const name of names) {
    builder.append('SpanName', name)
    builder.append('Timestamp', 1_700_000_000_000_000_001n)
    builder.append('Attributes', [['k', name]])
  }
  const block = { table: 'otel_traces', columns: builder.columnNames, format: 'Native', body: builder.finish(), rows: names.length } as const
  return { sequence, acceptedAtMs: 0, tenantId: 'acme', signal: 'traces', digest: Buffer.alloc(16), blocks: [block] }
}

const names = (length: number): string[] => Array.from({ length }, (_, index) => `n${index}`)
const quarantined = (): number => store.attempts.filter(({ table }) => table === 'ballast_rejects').length

describe('data that ClickHouse refuses', () => {
  test('is halved until the bad rows are found; every other row is stored once, as it was', async () => {
    const good = names(500)
    await inserter.insert('s', [record(1, ...good.slice(0, 300), 'poison', ...good.slice(300, 400)), record(2, ...good.slice(400))], new Set())
    expect(store.rows.map((row) => String(row['SpanName'])).toSorted()).toEqual(good.toSorted())
    expect(store.rows[0]).toEqual({ SpanName: 'n0', Timestamp: 1_700_000_000_000_000_001n, Attributes: [['k', 'n0']] })
    expect(counted).toEqual({ stored: 500, rejected: 1, lost: 0 })
    expect(store.attempts.length).toBeLessThan(30)
  })

  test('is divided by requests first: other requests go as they came, byte for byte', async () => {
    const records = [record(1, 'a', 'b'), record(2, 'poison'), record(3, 'c'), record(4, 'd')]
    await inserter.insert('s', records, new Set())
    const stored = store.attempts.filter(({ body, table }) => table === 'otel_traces' && !Buffer.concat(body).includes('poison'))
    expect(stored.flatMap(({ body }) => body)).toEqual([records[0], records[2], records[3]].map((each) => each!.blocks[0]!.body))
    expect(new Set(store.attempts.map(({ deduplicationToken }) => deduplicationToken)).size).toBe(store.attempts.length)
  })

  test('costs a bounded number of inserts when nearly all of it is bad; nothing is lost', async () => {
    await inserter.insert('s', [record(1, ...names(5_000).map((name) => `poison ${name}`))], new Set())
    expect(store.attempts.filter(({ table }) => table === 'otel_traces').length).toBeLessThan(200)
    expect(counted).toEqual({ stored: 0, rejected: 5_000, lost: 0 })
  })

  test('goes on where it was when ClickHouse went away in the middle, with the same tokens', async () => {
    const records = [record(1, 'a', 'poison', 'b', 'c'), record(2, 'd')]
    const done = new Set<string>()
    await inserter.insert('other', records, new Set())
    const tokens = store.attempts.map(({ deduplicationToken }) => deduplicationToken.replace(/^other/, 's'))
    store.attempts.length = store.rows.length = 0
    store.poison = undefined
    store.failures = [new ClickHouseError('BAD_DATA', 'bad'), new ClickHouseError('BAD_DATA', 'bad'), unreachable()]
    await expect(inserter.insert('s', records, done)).rejects.toThrow('connection refused')
    store.poison = 'poison'
    await inserter.insert('s', records, done)
    expect(store.rows.map((row) => String(row['SpanName'])).toSorted()).toEqual(['a', 'b', 'c', 'd'])
    expect(new Set(store.attempts.map(({ deduplicationToken }) => deduplicationToken))).toEqual(new Set(tokens))
  })

  test('is kept with the reason, as rows that can be read', async () => {
    await inserter.insert('s', [record(7, 'poison')], new Set())
    expect(quarantined()).toBe(1)
    const [rejected] = store.attempts.filter(({ table }) => table === 'ballast_rejects')
    const bytes = Buffer.concat(rejected!.body)
    expect(bytes.toString('latin1')).toContain('1 row for otel_traces: cannot parse')
    const native = Buffer.from(record(7, 'poison').blocks[0]!.body)
    expect(bytes.includes(native)).toBe(true)
    expect(readNativeRows(native)).toHaveLength(1)
  })

  test('that the quarantine does not take either is counted as lost, and holds nothing up', async () => {
    store.onlyTable = undefined
    await inserter.insert('s', [record(1, 'poison', 'a')], new Set())
    expect(store.rows.map((row) => row['SpanName'])).toEqual(['a'])
    expect(counted).toEqual({ stored: 1, rejected: 1, lost: 1 })
  })
})
