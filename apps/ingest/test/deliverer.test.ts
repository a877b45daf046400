import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Deliverer } from '../src/delivery/deliverer.ts'
import { Journal } from '../src/journal/journal.ts'
import { MemoryFiles } from './memory-files.ts'

const MAX_ROWS = 10
/** Names in each insert, in the order in which they began. */
let inserts: string[][]
let release: (() => void)[]
let journal: Journal

beforeEach(async () => {
  vi.useFakeTimers()
  inserts = []
  release = []
  journal = await Journal.open({ files: new MemoryFiles(), maxBytes: 1_000_000, maxAgeMs: 3_600_000, segment: { maxRows: MAX_ROWS, maxBytes: 100_000, maxAgeMs: 200 }, now: () => Date.now() })
  const inserter: Pick<ConstructorParameters<typeof Deliverer>[0]['inserter'], 'insert'> = {
    insert(_id, records) {
      inserts.push(records.map(({ blocks }) => Buffer.from(blocks[0]!.body).toString()))
      return new Promise((resolve) => release.push(resolve))
    },
  }
  new Deliverer({ journal, inserter, database: { state: { kind: 'ready' }, report: () => undefined }, counters: { replayed: () => undefined, setAside: () => undefined }, concurrency: 2, random: () => 0, onSetAside: () => undefined }).start()
  await append('first')
  await vi.advanceTimersByTimeAsync(201)
})
afterEach(() => {
  vi.useRealTimers()
})

const append = (name: string, rows = 1): Promise<unknown> =>
  journal.append({ tenantId: 'acme', signal: 'traces', digest: Buffer.from(name.padEnd(16)), blocks: [{ table: 'otel_traces', columns: ['SpanName'], format: 'Native', body: Buffer.from(name), rows }], isAwaited: () => true })

test('while an insert is under way a young segment grows, and is sent when that is stored', async () => {
  await append('second')
  await vi.advanceTimersByTimeAsync(1_000)
  await append('third')
  await vi.advanceTimersByTimeAsync(1_000)
  expect(inserts).toEqual([['first']])
  release[0]!()
  await vi.advanceTimersByTimeAsync(1)
  expect(inserts).toEqual([['first'], ['second', 'third']])
})

test('a full one goes beside it', async () => {
  await append('full', MAX_ROWS)
  await vi.advanceTimersByTimeAsync(1)
  expect(inserts).toEqual([['first'], ['full']])
})

test('nobody waits for long for an insert that hangs', async () => {
  await append('second')
  await vi.advanceTimersByTimeAsync(4_000)
  expect(inserts).toEqual([['first']])
  await vi.advanceTimersByTimeAsync(1_500)
  expect(inserts).toEqual([['first'], ['second']])
})

test('before a backlog a young one waits for three seconds, and no longer', async () => {
  for (let number = 0; number < 40; number++) await append(`backlog ${number}`, MAX_ROWS)
  await append('young')
  const isSent = (): boolean => inserts.some((names) => names.includes('young'))
  const storeOneEach200Ms = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 200) {
      await vi.advanceTimersByTimeAsync(200)
      release.shift()!()
      await vi.advanceTimersByTimeAsync(0)
    }
  }
  await storeOneEach200Ms(2_800)
  expect(isSent()).toBe(false)
  await storeOneEach200Ms(600)
  expect(isSent()).toBe(true)
})
