import fc from 'fast-check'
import { expect, test } from 'vitest'
import { calmSchedule, deafSchedule, roughSchedule, type Schedule, taggedSchedule } from './schedule.ts'
import { Simulation } from './simulation.ts'

/** `npm run test:long` plays twenty times as many, a million, and other ones each time: it searches. `npm test` plays the same ones each time: it guards. */
const { scale, seed } = process.env['BALLAST_TEST_LONG'] === '1' ? { scale: 20, seed: Date.now() | 0 } : { scale: 1, seed: 1 }

/** Plays so many random schedules; returns the smallest one found that the oracle objects to, with its objections. */
async function counterexample(schedules: fc.Arbitrary<Schedule>, runs: number): Promise<unknown> {
  const outcome = await fc.check(
    fc.asyncProperty(schedules, async (schedule) => (await Simulation.play(schedule)).length === 0),
    { numRuns: runs, seed },
  )
  if (!outcome.failed && outcome.numRuns === runs) return undefined
  const schedule = outcome.counterexample?.[0]
  return { seed: outcome.seed, runs: outcome.numRuns, error: outcome.errorInstance, schedule, violations: schedule && (await Simulation.play(schedule)) }
}

test.each([
  ['answers every command and delivers every message, some twice or out of order', calmSchedule, 20_000],
  ['loses commands, answers, messages, processes and the data in Redis', roughSchedule, 16_000],
  ['does the same and never tells of changes', deafSchedule, 10_000],
  ['is any of these, where tags and the namespace are invalidated as well', taggedSchedule, 4_000],
])('no value older than a completed change is returned as fresh or stored in Redis, over a network that %s', { timeout: 3_600_000 }, async (_name, schedules, runs) => {
  expect(await counterexample(schedules, runs * scale)).toBeUndefined()
})
