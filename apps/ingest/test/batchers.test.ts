import { expect, test } from 'vitest'
import type { Block } from '../src/batch/block-store.ts'
import { Batchers } from '../src/batch/batchers.ts'

test('blocks of one table in two formats go in as two inserts, because an insert has one format', async () => {
  const writes: Block[][] = []
  const batchers = new Batchers({
    maxRows: 100, maxBytes: 1_000, maxAgeMs: 60_000, concurrency: 2, deadlineMs: 1_000, now: () => 0,
    write: (blocks) => {
      writes.push([...blocks])
      return Promise.resolve(blocks.map(() => ({ kind: 'stored' as const })))
    },
  })
  const block = (format: Block['format']): Block => ({ table: 't', columns: [], format, body: new Uint8Array(1), rows: 1 })
  const stored = Promise.all([block('Native'), block('JSONEachRow'), block('Native')].map((each) => batchers.append(each)))
  batchers.drain()
  await stored
  expect(writes.map((blocks) => blocks.map((each) => each.format))).toEqual([['Native', 'Native'], ['JSONEachRow']])
})
