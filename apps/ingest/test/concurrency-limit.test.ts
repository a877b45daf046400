import { expect, test } from 'vitest'
import { ConcurrencyLimit } from '../src/delivery/concurrency-limit.ts'

test('halves when ClickHouse is overloaded, never below one, and grows by one for each round of successes up to its bound', () => {
  const limit = new ConcurrencyLimit(8)
  const seen = [limit.current]
  for (let n = 0; n < 5; n++) {
    limit.overloaded()
    seen.push(limit.current)
  }
  expect(seen).toEqual([8, 4, 2, 1, 1, 1])
  limit.succeeded()
  expect(limit.current).toBe(2)
  for (let n = 0; n < 2; n++) limit.succeeded()
  expect(limit.current).toBe(2)
  for (let n = 0; n < 100; n++) limit.succeeded()
  expect(limit.current).toBe(8)
})
