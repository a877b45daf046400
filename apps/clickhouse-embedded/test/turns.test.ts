import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Turns } from '../src/engine/turns.ts'

const never = new AbortController().signal

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('turns', () => {
  test('are given at once while free, then in the order of asking', async () => {
    const turns = new Turns(['a'], { maxWaiting: 5, maxWaitMs: 1000 })
    expect(await turns.take(never)).toBe('a')
    const order: number[] = []
    const waits = [1, 2, 3].map(async (n) => {
      const item = await turns.take(never)
      order.push(n)
      turns.give(item)
    })
    expect(turns.waiting).toBe(3)
    turns.give('a')
    await Promise.all(waits)
    expect(order).toEqual([1, 2, 3])
    expect(turns.waiting).toBe(0)
  })

  test('are refused when the queue is full', async () => {
    const turns = new Turns(['a'], { maxWaiting: 1, maxWaitMs: 1000 })
    await turns.take(never)
    const waiting = turns.take(never)
    await expect(turns.take(never)).rejects.toMatchObject({ code: 'TOO_MANY_SIMULTANEOUS_QUERIES', number: 202, httpStatus: 503 })
    turns.give('a')
    expect(await waiting).toBe('a')
  })

  test('are refused after the longest wait, and the place in the queue is free again', async () => {
    const turns = new Turns(['a'], { maxWaiting: 1, maxWaitMs: 1000 })
    await turns.take(never)
    const refused = turns.take(never).catch((error: unknown) => error)
    await vi.advanceTimersByTimeAsync(1000)
    expect(await refused).toMatchObject({ code: 'TOO_MANY_SIMULTANEOUS_QUERIES' })
    expect(turns.waiting).toBe(0)
    turns.give('a')
    expect(await turns.take(never)).toBe('a')
  })

  test('are given up when the one who waits goes away', async () => {
    const turns = new Turns(['a'], { maxWaiting: 1, maxWaitMs: 1000 })
    await turns.take(never)
    const abort = new AbortController()
    const refused = turns.take(abort.signal).catch((error: unknown) => error)
    abort.abort()
    expect(await refused).toMatchObject({ code: 'QUERY_WAS_CANCELLED' })
    expect(turns.waiting).toBe(0)
  })

  test('end when they are closed, for those who wait and those who come', async () => {
    const turns = new Turns(['a'], { maxWaiting: 1, maxWaitMs: 1000 })
    await turns.take(never)
    const refused = turns.take(never).catch((error: unknown) => error)
    turns.close()
    expect(await refused).toMatchObject({ code: 'ABORTED', httpStatus: 503 })
    await expect(turns.take(never)).rejects.toMatchObject({ code: 'ABORTED' })
  })
})
