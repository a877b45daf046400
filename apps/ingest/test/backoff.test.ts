import { expect, test } from 'vitest'
import { fullJitter } from '../src/delivery/backoff.ts'

test('waits between attempts are jittered over the whole of a growing, bounded range', () => {
  expect([1, 2, 3, 10].map((attempt) => fullJitter(attempt, () => 0.5))).toEqual([50, 100, 200, 1000])
  expect(fullJitter(5, () => 0)).toBe(0)
})
