import { trace } from '@opentelemetry/api'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { unitOfWork } from '../src/index.ts'
import { workLogs, type WorkLogs } from '../src/pino.ts'
import { inMemoryTelemetry } from './in-memory-telemetry.ts'

describe('a pino log', () => {
  let memory: ReturnType<typeof inMemoryTelemetry>
  let logs: WorkLogs
  let lines: { level: number; msg: string; trace_id?: string; span_id?: string }[]

  beforeEach(() => {
    memory = inMemoryTelemetry()
    lines = []
    logs = workLogs({ destination: { write: (line) => void lines.push(JSON.parse(line)) }, maxLines: 3 })
  })

  afterEach(async () => {
    logs.close()
    await memory.telemetry.shutdown()
  })

  const messages = (): string[] => lines.map(({ msg }) => msg)

  test('has the debug lines of work that failed, the newest of them, and none of work that did not', () => {
    const log = pino(logs.options, logs.stream)
    unitOfWork('good', () => log.debug('good'))
    unitOfWork('bad', (work) => {
      for (const step of [1, 2, 3, 4]) log.debug(`step ${step}`)
      log.info('at once')
      work.fail(new Error('no'))
      expect(messages()).toEqual(['at once'])
    })
    log.debug('outside')
    expect(messages()).toEqual(['at once', 'step 2', 'step 3', 'step 4'])
  })

  test('keeps the lines of works that run at once apart', async () => {
    const log = pino(logs.options, logs.stream)
    const run = (name: string, fails: boolean): Promise<void> =>
      unitOfWork(name, async (work) => {
        log.debug(`${name} begins`)
        await Promise.resolve()
        log.child({ part: 2 }).trace(`${name} goes on`)
        if (fails) work.outcome('error')
      })
    await Promise.all([run('a', true), run('b', false), run('c', true)])
    expect(messages()).toEqual(['a begins', 'a goes on', 'c begins', 'c goes on'])
  })

  test('has the ids of the trace in every line', () => {
    const log = pino(logs.options, logs.stream)
    const ids = unitOfWork('work', () => {
      log.info('inside')
      return trace.getActiveSpan()!.spanContext()
    })
    log.info('outside')
    expect(lines).toMatchObject([{ trace_id: ids.traceId, span_id: ids.spanId }, { msg: 'outside' }])
    expect(lines[1]).not.toHaveProperty('trace_id')
  })

  test('has another level from one line to the next', () => {
    const log = pino(logs.options, logs.stream)
    const step = (): void => unitOfWork('work', () => log.debug(logs.level))
    step()
    logs.level = 'debug'
    step()
    logs.level = 'silent'
    log.fatal('silent')
    expect(messages()).toEqual(['debug'])
  })

  test('does not grow beyond its bytes', () => {
    logs.close()
    logs = workLogs({ destination: { write: (line) => void lines.push(JSON.parse(line)) }, maxBytes: 1_000 })
    const log = pino(logs.options, logs.stream)
    unitOfWork('bad', (work) => {
      for (let step = 0; step < 50; step++) log.debug('é'.repeat(100))
      work.outcome('error')
    })
    expect(lines.length).toBeGreaterThan(0)
    expect(Buffer.byteLength(lines.map((line) => JSON.stringify(line)).join('\n'))).toBeLessThanOrEqual(1_000)
  })
})
