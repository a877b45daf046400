import { expect, test, vi } from 'vitest'
import { LoadDeadlines } from '../src/flight/load-deadlines.ts'
import { FakeClock } from '../src/testing/testing.ts'

function counted() {
  const clock = new FakeClock()
  const setTimer = vi.spyOn(clock, 'setTimer')
  return { clock, setTimer, deadlines: new LoadDeadlines(clock) }
}

test('loads that begin together share a timer, and each that is not over by then is told', async () => {
  const { clock, setTimer, deadlines } = counted()
  const due: number[] = []
  const started = [0, 1, 2].map((n) => deadlines.start(100, () => due.push(n)))
  expect(setTimer).toHaveBeenCalledTimes(1)
  await clock.advance(99)
  started[1]!.end()
  expect(due).toEqual([])
  await clock.advance(1)
  expect(due).toEqual([0, 2])
})

test('a load that begins later, or has another time, has its own', async () => {
  const { clock, setTimer, deadlines } = counted()
  const due: string[] = []
  deadlines.start(100, () => due.push('first'))
  deadlines.start(50, () => due.push('short'))
  await clock.advance(20)
  deadlines.start(100, () => due.push('later'))
  expect(setTimer).toHaveBeenCalledTimes(3)
  await clock.advance(79)
  expect(due).toEqual(['short'])
  await clock.advance(1)
  expect(due).toEqual(['short', 'first'])
  await clock.advance(20)
  expect(due).toEqual(['short', 'first', 'later'])
})

test('a load that begins when the others of its turn are over already has a timer that runs', async () => {
  const { clock, deadlines } = counted()
  const due: string[] = []
  deadlines.start(100, () => due.push('over')).end()
  deadlines.start(100, () => due.push('running'))
  await clock.advance(100)
  expect(due).toEqual(['running'])
})
