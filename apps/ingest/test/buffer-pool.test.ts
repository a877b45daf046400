import { expect, test } from 'vitest'
import { BufferPool } from '../src/buffer-pool.ts'

test('what is given back is used again, the smallest that is large enough, and never for two at once', () => {
  const pool = new BufferPool({ stepBytes: 10, maxKeptBytes: 100 })
  const [small, large] = [pool.take(7), pool.take(25)]
  expect([small.length, small.buffer.byteLength, large.length, large.buffer.byteLength]).toEqual([7, 10, 25, 30])
  pool.give(large)
  pool.give(small)
  const again = pool.take(10)
  expect(again.buffer).toBe(small.buffer)
  expect(again).toHaveLength(10)
  expect(pool.take(1).buffer).toBe(large.buffer)
  expect(pool.take(1).buffer).not.toBe(small.buffer)
})

test('no more is kept than the bound says, nothing twice, and nothing that came from elsewhere', () => {
  const pool = new BufferPool({ stepBytes: 10, maxKeptBytes: 20 })
  const lent = [pool.take(10), pool.take(10), pool.take(10)]
  pool.give(Buffer.alloc(10))
  pool.give(lent[0]!)
  pool.give(lent[0]!.subarray(3))
  for (const buffer of lent.slice(1)) pool.give(buffer)
  const taken = [pool.take(10), pool.take(10), pool.take(10)].map(({ buffer }) => lent.findIndex((each) => each.buffer === buffer))
  expect(taken.toSorted((a, b) => a - b)).toEqual([-1, 0, 1])
})
