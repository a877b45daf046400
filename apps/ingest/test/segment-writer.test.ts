import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { SegmentWriter } from '../src/journal/segment-writer.ts'
import type { Segment } from '../src/journal/segment.ts'
import { SEGMENT_HEADER } from '../src/journal/segment-name.ts'
import { MemoryFiles } from './memory-files.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

test('two thousand requests close a segment, however small they are: each is a block that ClickHouse reads by itself', async () => {
  const files = new MemoryFiles()
  const closed: Segment[] = []
  const writer = new SegmentWriter({ files, bounds: { maxRows: 1e9, maxBytes: 1e9, maxAgeMs: 200 }, now: () => Date.now(), onClosed: (segment) => void closed.push(segment) })
  // The first goes alone; the others wait for it, and share the next writes.
  await Promise.all(Array.from({ length: 4_500 }, (_, sequence) => writer.write({ sequence, parts: [Buffer.from('x')], bytes: 1, rows: 1 })))
  await writer.flush()
  expect(closed.map(({ bytes }) => bytes - SEGMENT_HEADER.length)).toEqual([2_000, 2_000, 500])
})

test('the next segment is written while the one before is closed, and they are handed over in their order', async () => {
  const files = new MemoryFiles()
  let close = (): void => undefined
  const closing = new Promise<void>((resolve) => (close = resolve))
  const rename = files.rename.bind(files)
  files.rename = (from, to) => closing.then(() => rename(from, to))
  const closed: Segment[] = []
  const writer = new SegmentWriter({ files, bounds: { maxRows: 1, maxBytes: 1_000, maxAgeMs: 200 }, now: () => Date.now(), onClosed: (segment) => void closed.push(segment) })
  const written = Promise.all([1, 2, 3].map((sequence) => writer.write({ sequence, parts: [Buffer.from('x')], bytes: 1, rows: 1 })))
  expect(await written).toEqual([undefined, undefined, undefined])
  expect([closed.length, writer.segments]).toEqual([0, 3])
  close()
  await writer.flush()
  expect(closed.map(({ id }) => id)).toEqual(closed.map(({ id }) => id).toSorted())
  expect([closed.length, writer.segments]).toEqual([3, 0])
})
