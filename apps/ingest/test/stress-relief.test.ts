import { expect, test } from 'vitest'
import { StressRelief } from '../src/sampling/stress-relief.ts'

test('sampling becomes coarser step by step under load, and finer again only after a longer time without', () => {
  let now = 0
  const changes: number[] = []
  const stress = new StressRelief({ maxFactor: 8, high: 0.7, low: 0.4, now: () => now, onChange: (factor) => void changes.push(factor) })
  const observe = (load: number, ms: number): number => {
    for (let passed = 0; passed < ms; passed += 500) {
      stress.observe(load)
      now += 500
    }
    return stress.factor
  }
  expect(observe(0.6, 60_000)).toBe(1)
  expect(observe(0.9, 2_000)).toBe(1)
  expect(observe(0.9, 2_500)).toBe(4)
  expect(observe(0.9, 60_000)).toBe(8)
  // Between the marks nothing changes, so a load that swings about one of them does not swing the rate.
  expect(observe(0.5, 60_000)).toBe(8)
  for (let turn = 0; turn < 10; turn++) observe(turn % 2 === 0 ? 0.3 : 0.5, 5_000)
  expect(stress.factor).toBe(8)
  expect(observe(0.3, 60_000)).toBe(1)
  expect(changes).toEqual([2, 4, 8, 4, 2, 1])
})
