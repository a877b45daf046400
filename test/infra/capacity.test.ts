import { expect, test } from 'vitest'
import { capacityTables, LOADS, type Measured, planFor } from '../../scripts/capacity/tables.ts'
import { readText } from './files.ts'

const measured = JSON.parse(readText('infra/capacity.json')) as Measured

test('the page shows the plan for what was measured (npm run capacity)', () => {
  expect(/<!-- measured -->\n([\s\S]*)\n<!-- end -->/.exec(readText('infra/capacity.md'))?.[1]).toBe(capacityTables(measured))
})

test('ten times the load needs about ten times the disk, never fewer machines, and never a single pod', () => {
  const plans = LOADS.map((load) => planFor(load, measured))
  for (const [index, plan] of plans.entries()) {
    expect(plan.ingestPods).toBeGreaterThanOrEqual(2)
    expect(plan.servers).toBe(plan.shards * 2)
    const before = plans[Math.max(0, index - 1)]!
    expect(plan.servers).toBeGreaterThanOrEqual(before.servers)
    expect(plan.diskBytes / before.diskBytes).toBeCloseTo(index === 0 ? 1 : 10, 5)
  }
})

test('a plan by hand: one core carries 1000 spans/s, a span is 100 bytes', () => {
  const plan = planFor(10_000, { machine: '', spansACore: 16_000, logsACore: 1, bytesASpan: 100, bytesALog: 1, storeMicrosecondsASpan: 500 })
  // A pod: 16,000 x 1/4 x 1/2 x 2 = 4,000/s. A server: 1,000,000 / 500 x 1/2 x 16 x 1/2 = 8,000/s. Disk: 10,000 x 86,400 x 30 x 100 x 2 / 0.7.
  expect(plan).toEqual({ ingestPods: 3, shards: 2, servers: 4, diskBytes: expect.closeTo(7.405714e12, -8) })
})
