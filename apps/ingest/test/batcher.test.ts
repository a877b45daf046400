import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { fullJitter } from '../src/batch/backoff.ts'
import { Batcher, type BatcherOptions } from '../src/batch/batcher.ts'
import type { Block, InsertOutcome } from '../src/batch/block-store.ts'

beforeEach(() => {
  vi.useFakeTimers({ now: 0 })
})
afterEach(() => {
  vi.useRealTimers()
})

const block = (rows = 1, bytes = 10): Block => ({ table: 't', columns: [], format: 'Native', body: new Uint8Array(bytes), rows })

function batcher(options: Partial<BatcherOptions> = {}): { batcher: Batcher; written: { rows: number; deadline: number }[]; finish: () => void } {
  const written: { rows: number; deadline: number }[] = []
  const finishers: (() => void)[] = []
  const subject = new Batcher({
    maxRows: 100,
    maxBytes: 1000,
    maxAgeMs: 200,
    concurrency: 1,
    deadlineMs: 8000,
    now: () => Date.now(),
    write: (blocks, deadline) =>
      new Promise<readonly InsertOutcome[]>((resolve) => {
        written.push({ rows: blocks.reduce((sum, each) => sum + each.rows, 0), deadline })
        finishers.push(() => resolve(blocks.map(() => ({ kind: 'stored' }))))
      }),
    ...options,
  })
  return { batcher: subject, written, finish: () => finishers.shift()?.() }
}

describe('a batch is written when', () => {
  test('it has enough rows', () => {
    const { batcher: subject, written } = batcher()
    void subject.append(block(60))
    expect(written).toEqual([])
    void subject.append(block(40))
    expect(written).toEqual([{ rows: 100, deadline: 8000 }])
  })

  test('it has enough bytes', () => {
    const { batcher: subject, written } = batcher()
    void subject.append(block(1, 1000))
    expect(written).toHaveLength(1)
  })

  test('it is old enough', () => {
    const { batcher: subject, written } = batcher()
    void subject.append(block())
    vi.advanceTimersByTime(199)
    expect(written).toEqual([])
    vi.advanceTimersByTime(1)
    expect(written).toHaveLength(1)
  })

  test('the app drains', () => {
    const { batcher: subject, written } = batcher()
    void subject.append(block())
    subject.drain()
    expect(written).toHaveLength(1)
  })
})

test('while all writers are busy a batch keeps growing, and is one insert afterwards', async () => {
  const { batcher: subject, written, finish } = batcher()
  const first = subject.append(block())
  vi.advanceTimersByTime(200)
  void subject.append(block(2))
  vi.advanceTimersByTime(300)
  void subject.append(block(3))
  expect(written).toHaveLength(1)
  expect(subject.oldestAgeMs).toBe(500)
  finish()
  expect(await first).toEqual({ kind: 'stored' })
  expect(written).toEqual([{ rows: 1, deadline: 8000 }, { rows: 5, deadline: 8200 }])
})

test('waits between attempts are jittered over the whole of a growing, bounded range', () => {
  expect([1, 2, 3, 10].map((attempt) => fullJitter(attempt, () => 0.5))).toEqual([50, 100, 200, 1000])
  expect(fullJitter(5, () => 0)).toBe(0)
})
