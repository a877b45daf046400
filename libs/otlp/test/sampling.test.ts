import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { type Sampling, transcodeLogs, type Transcoded, transcodeMetrics, transcodeTraces } from '../src/index.ts'
import { rowsOf } from './block-rows.ts'
import { toProtobuf } from './otlp-messages.ts'

const SPANS = 20_000
const RATE = 10
const id = (number: number, bytes: number): string => createHash('sha256').update(String(number)).digest('hex').slice(0, bytes * 2)
const options = (sampling: Sampling | undefined) => ({ encoding: 'protobuf', tenantId: 't', receivedAtUnixNano: 1n, sampling }) as const
const sampling: Sampling = { rate: RATE, keepSlowNanos: 1_000_000 }
const spanOf = (number: number, part: object = {}): object => ({ traceId: id(number, 16), spanId: id(number, 8), name: 'n', startTimeUnixNano: '5', endTimeUnixNano: '9', ...part })
const traces = (spans: readonly object[], by: Sampling | undefined = sampling): Transcoded => transcodeTraces(toProtobuf('TracesRequest', { resourceSpans: [{ scopeSpans: [{ spans }] }] }), options(by))
const logs = (logRecords: readonly object[]): Transcoded => transcodeLogs(toProtobuf('LogsRequest', { resourceLogs: [{ scopeLogs: [{ logRecords }] }] }), options(sampling))
const kept = (of: Transcoded): string[] => (of.blocks.length === 0 ? [] : rowsOf(of).map((row) => String(row['TraceId'])))
const weight = (of: Transcoded): number => rowsOf(of).reduce((sum, row) => sum + Number(row['SampleRate']), 0)

describe('of many traces', () => {
  const all = Array.from({ length: SPANS }, (_, number) => spanOf(number))
  const tenth = traces(all)

  test('one in ten is kept, stands for ten, and none is uncounted', () => {
    expect(tenth.rows + tenth.sampled).toBe(SPANS)
    // Five standard deviations.
    expect(Math.abs(weight(tenth) - SPANS)).toBeLessThan(5 * Math.sqrt(SPANS * RATE))
    expect(rowsOf(tenth).every((row) => row['SampleRate'] === '10')).toBe(true)
  })

  test('a coarser rate keeps a part of what a finer one keeps, and the same again each time', () => {
    const hundredth = kept(traces(all, { ...sampling, rate: 100 }))
    expect(hundredth.length).toBeGreaterThan(100)
    const finer = new Set(kept(tenth))
    expect(hundredth.filter((each) => !finer.has(each))).toEqual([])
    expect(kept(traces(all))).toEqual(kept(tenth))
  })

  test('rates multiply, also where an SDK sampled by the last bytes of the same ids', () => {
    const sampledBefore = all.filter((span) => Number.parseInt((span as { traceId: string }).traceId.slice(-14, -12), 16) >= 0xc0).map((span) => ({ ...span, traceState: 'ot=th:c' }))
    const again = traces(sampledBefore)
    expect(rowsOf(again)[0]!['SampleRate']).toBe('40')
    expect(Math.abs(weight(again) - SPANS)).toBeLessThan(5 * Math.sqrt(SPANS * 40))
  })
})

test('errors and slow spans are all kept, and stand for themselves', () => {
  const spans = Array.from({ length: 100 }, (_, number) => [spanOf(number, { status: { code: 2 } }), spanOf(number, { endTimeUnixNano: '1000005' })]).flat()
  const of = traces(spans)
  expect([of.rows, of.sampled, weight(of)]).toEqual([200, 0, 200])
})

test('a trace is kept or left out with its logs; errors are kept; logs without a trace are decided on one by one', () => {
  const numbers = Array.from({ length: 500 }, (_, number) => number)
  const ofSpans = kept(traces(numbers.map((number) => spanOf(number))))
  expect(kept(logs(numbers.map((number) => ({ timeUnixNano: '5', traceId: id(number, 16), body: { stringValue: 'b' } }))))).toEqual(ofSpans)
  const errors = logs(numbers.map((number) => ({ timeUnixNano: String(number + 1), ...(number % 2 === 0 ? { severityNumber: 17 } : { severityText: 'Error' }) })))
  expect([errors.rows, errors.sampled]).toEqual([500, 0])
  const loose = logs(numbers.map((number) => ({ timeUnixNano: String(number + 1), severityNumber: 5 })))
  expect(loose.rows).toBeGreaterThan(20)
  expect(loose.rows).toBeLessThan(100)
  expect(loose.rows + loose.sampled).toBe(500)
})

test('metrics are never left out', () => {
  const metric = { name: 'm', gauge: { dataPoints: Array.from({ length: 50 }, (_, number) => ({ timeUnixNano: String(number + 1), asDouble: 1 })) } }
  const of = transcodeMetrics(toProtobuf('MetricsRequest', { resourceMetrics: [{ scopeMetrics: [{ metrics: [metric] }] }] }), options(sampling))
  expect([of.rows, of.sampled]).toEqual([50, 0])
})
