import { ClickHouseError } from '@ballast/clickhouse'
import { describe, expect, test } from 'vitest'
import { DatabaseMonitor, type DatabaseProbe } from '../src/database/database-monitor.ts'

function monitor(answers: Partial<Record<keyof DatabaseProbe, (Error | undefined)[]>>): { subject: DatabaseMonitor; calls: string[]; states: string[] } {
  const calls: string[] = []
  const states: string[] = []
  const probe = (name: keyof DatabaseProbe) => async (): Promise<void> => {
    calls.push(name)
    const answer = answers[name]?.shift()
    if (answer !== undefined) throw answer
  }
  const subject = new DatabaseMonitor({
    probe: { prepare: probe('prepare'), ping: probe('ping'), hasSpace: probe('hasSpace') },
    probeIntervalMs: 1,
    random: () => 0,
    onChange: (state) => states.push(state.kind === 'ready' ? 'ready' : `${state.kind}: ${state.reason}`),
  })
  return { subject, calls, states }
}

test('at the start it is not ready, says why, tries again, and becomes ready by itself', async () => {
  const { subject, calls, states } = monitor({ prepare: [new Error('connection refused'), undefined] })
  expect(() => subject.check()).toThrow('the tables are being checked')
  subject.start()
  await expect.poll(() => subject.state.kind).toBe('ready')
  expect(calls).toEqual(['prepare', 'prepare'])
  expect(states).toEqual(['starting: connection refused', 'ready'])
  expect(() => subject.check()).not.toThrow()
})

describe('after a failed insert it looks for what was missing:', () => {
  test.each([
    ['UNREACHABLE', 'ping'],
    ['SCHEMA_MISSING', 'prepare'],
    ['OUT_OF_SPACE', 'hasSpace'],
  ] as const)('%s by %s', async (code, call) => {
    const { subject, calls } = monitor({ [call]: [new Error('still away'), undefined] })
    subject.report(undefined)
    subject.report(new ClickHouseError(code, 'gone'))
    expect(() => subject.check()).toThrow('gone')
    await expect.poll(() => subject.state.kind).toBe('ready')
    expect(calls).toEqual([call, call])
  })
})

test('a successful insert is the best proof of all', () => {
  const { subject } = monitor({})
  subject.report(new ClickHouseError('UNREACHABLE', 'gone'))
  subject.report(undefined)
  expect(subject.state).toEqual({ kind: 'ready' })
})

test('it stops', async () => {
  const { subject } = monitor({ prepare: Array.from({ length: 1000 }, () => new Error('away')) })
  subject.start()
  await subject.stop()
  expect(subject.state.kind).toBe('starting')
})

test('a failure in the very moment of its return is not overlooked', async () => {
  let failures = 1
  const subject: DatabaseMonitor = new DatabaseMonitor({
    probe: { prepare: async () => undefined, ping: async () => undefined, hasSpace: async () => undefined },
    probeIntervalMs: 1,
    random: () => 0,
    onChange(state) {
      if (state.kind === 'ready' && failures-- > 0) subject.report(new ClickHouseError('UNREACHABLE', 'gone again'))
    },
  })
  subject.start()
  await expect.poll(() => failures).toBeLessThan(0)
  expect(subject.state.kind).toBe('ready')
})
