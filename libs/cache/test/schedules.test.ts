import fc from 'fast-check'
import { expect, test } from 'vitest'
import { calmSchedule, deafSchedule, roughSchedule } from './schedule.ts'
import { Simulation } from './simulation.ts'

/** `npm run test:long` plays twenty times as many: a million. */
const scale = process.env['BALLAST_TEST_LONG'] === '1' ? 20 : 1

test.each([
  ['answers every command and delivers every message, some twice or out of order', calmSchedule, 25_000],
  ['loses commands, answers, messages, processes and the data in Redis', roughSchedule, 15_000],
  ['does the same and never tells of changes', deafSchedule, 10_000],
])('no value older than a completed change is returned as fresh or stored in Redis, over a network that %s', { timeout: 1_200_000 }, async (_name, schedule, runs) => {
  await fc.assert(
    fc.asyncProperty(schedule, async (each) => {
      const violations = await Simulation.play(each)
      if (violations.length > 0) expect(violations).toEqual([])
    }),
    { numRuns: runs * scale },
  )
})
