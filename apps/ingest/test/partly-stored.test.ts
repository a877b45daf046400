import { expect, test } from 'vitest'
import type { Block } from '../src/batch/block-store.ts'
import { PartlyStored } from '../src/batch/partly-stored.ts'

const block = (table: string, text: string): Block => ({ table, columns: [], format: 'Native', body: Buffer.from(text), rows: 1 })

test('a stored block is known by its table and bytes, for ten minutes', () => {
  let nowMs = 0
  const stored = new PartlyStored(() => nowMs)
  stored.add(block('a', 'rows'))
  expect([block('a', 'rows'), block('b', 'rows'), block('a', 'other')].map((each) => stored.has(each))).toEqual([true, false, false])
  nowMs = 599_999
  expect(stored.has(block('a', 'rows'))).toBe(true)
  nowMs = 600_000
  expect(stored.has(block('a', 'rows'))).toBe(false)
})

test('of more than ten thousand blocks the oldest are forgotten', () => {
  const stored = new PartlyStored(() => 0)
  for (let number = 0; number < 10_001; number++) stored.add(block('a', String(number)))
  expect([0, 1, 2, 10_000].map((number) => stored.has(block('a', String(number))))).toEqual([false, false, true, true])
})
