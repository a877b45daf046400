import { expect, test } from 'vitest'
import type { Block } from '../src/batch/block-store.ts'
import { Batchers } from '../src/batch/batchers.ts'

test('blocks of two tables go in as two inserts', async () => {
  const writes: Block[][] = []
  const batchers = new Batchers({
    maxRows: 100, maxBytes: 1_000, maxAgeMs: 60_000, concurrency: 2, deadlineMs: 1_000, now: () => 0,
    write: (blocks) => {
      writes.push([...blocks])
      return Promise.resolve(blocks.map(() => ({ kind: 'stored' as const })))
    },
  })
  const block = (table: string): Block => ({ table, columns: [], format: 'Native', body: new Uint8Array(1), rows: 1 })
  const stored = Promise.all([block('a'), block('b'), block('a')].map((each) => batchers.append(each)))
  batchers.drain()
  await stored
  expect(writes.map((blocks) => blocks.map((each) => each.table))).toEqual([['a', 'a'], ['b']])
})
