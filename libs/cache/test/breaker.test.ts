import { expect, test, vi } from 'vitest'
import { Breaker } from '../src/redis/breaker.ts'
import { FakeClock } from '../src/testing/testing.ts'

function setUp(probe: () => Promise<unknown>): { breaker: Breaker; clock: FakeClock; changes: boolean[] } {
  const clock = new FakeClock()
  const changes: boolean[] = []
  const breaker = new Breaker({ failuresToOpen: 3, probeIntervalMs: 500, probe, onChange: (open) => changes.push(open), clock, random: () => 0.5 })
  return { breaker, clock, changes }
}

test('opens after so many failures in a row, and a success starts the count again', () => {
  const { breaker, changes } = setUp(() => Promise.resolve())
  breaker.failed()
  breaker.failed()
  breaker.succeeded()
  breaker.failed()
  breaker.failed()
  expect(breaker.closed).toBe(true)
  breaker.failed()
  expect(breaker.closed).toBe(false)
  expect(changes).toEqual([true])
})

test('closes when a probe is answered, and probes again when it is not', async () => {
  const probe = vi.fn<() => Promise<unknown>>().mockRejectedValueOnce(new Error('still away')).mockResolvedValue('PONG')
  const { breaker, clock, changes } = setUp(probe)
  for (let i = 0; i < 3; i++) breaker.failed()
  await clock.advance(499)
  expect(probe).not.toHaveBeenCalled()
  await clock.advance(1)
  expect(breaker.closed).toBe(false)
  await clock.advance(500)
  expect(breaker.closed).toBe(true)
  expect(probe).toHaveBeenCalledTimes(2)
  expect(changes).toEqual([true, false])
})

test('failures of calls that were under way when it opened change nothing', async () => {
  const { breaker, clock, changes } = setUp(() => Promise.resolve())
  for (let i = 0; i < 10; i++) breaker.failed()
  await clock.advance(500)
  expect(breaker.closed).toBe(true)
  breaker.failed()
  expect(breaker.closed).toBe(true)
  expect(changes).toEqual([true, false])
})

test('lets nothing pass and probes no more once it is stopped', async () => {
  const probe = vi.fn(() => Promise.resolve())
  const { breaker, clock } = setUp(probe)
  for (let i = 0; i < 3; i++) breaker.failed()
  breaker.stop()
  await clock.advance(10_000)
  expect(probe).not.toHaveBeenCalled()
  expect(breaker.closed).toBe(false)
})
