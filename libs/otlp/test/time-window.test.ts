import { describe, expect, test } from 'vitest'
import { transcodeLogs, transcodeMetrics, type Transcoded, transcodeTraces, type TranscodeOptions } from '../src/index.ts'

const OLDEST = 1_700_000_000_000_000_000n
const NEWEST = OLDEST + 100_000_000_000n
const RECEIVED = 1n

const options = (times: TranscodeOptions['times']): TranscodeOptions => ({ encoding: 'json', tenantId: 't', receivedAtUnixNano: RECEIVED, times })
const bytes = (request: object): Uint8Array => Buffer.from(JSON.stringify(request))
type Transcode = (times: readonly bigint[], bounds: TranscodeOptions['times']) => Transcoded

const signals: readonly (readonly [string, Transcode])[] = [
  ['spans, when they started', (times, bounds) => transcodeTraces(bytes({ resourceSpans: [{ scopeSpans: [{ spans: times.map((time) => ({ traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), name: 'x', startTimeUnixNano: String(time), endTimeUnixNano: String(NEWEST) })) }] }] }), options(bounds))],
  ['spans without a start, when they ended', (times, bounds) => transcodeTraces(bytes({ resourceSpans: [{ scopeSpans: [{ spans: times.map((time) => ({ traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), name: 'x', endTimeUnixNano: String(time) })) }] }] }), options(bounds))],
  ['log records, when they happened', (times, bounds) => transcodeLogs(bytes({ resourceLogs: [{ scopeLogs: [{ logRecords: times.map((time) => ({ timeUnixNano: String(time), body: { stringValue: 'x' } })) }] }] }), options(bounds))],
  ['log records, when they were observed', (times, bounds) => transcodeLogs(bytes({ resourceLogs: [{ scopeLogs: [{ logRecords: times.map((time) => ({ observedTimeUnixNano: String(time), body: { stringValue: 'x' } })) }] }] }), options(bounds))],
  ['data points', (times, bounds) => transcodeMetrics(bytes({ resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: 'm', gauge: { dataPoints: times.map((time) => ({ timeUnixNano: String(time), asInt: '1' })) } }] }] }] }), options(bounds))],
]

describe.each(signals)('%s', (_, transcode) => {
  test('outside of the bounds are rejected to the nanosecond, with what is wrong', () => {
    const { rows, rejected, rejects } = transcode([OLDEST - 1n, OLDEST, NEWEST, NEWEST + 1n, 1n], { oldestUnixNano: OLDEST, newestUnixNano: NEWEST })
    expect([rows, Object.fromEntries(rejected.reasons)]).toEqual([2, { timestamp_too_old: 2, timestamp_in_future: 1 }])
    expect(rejects.map(({ detail }) => detail)).toEqual([
      expect.stringMatching(/time 1699999999999999999 is before 2023-11-14T22:13:20\.000Z, the oldest that is kept$/),
      expect.stringMatching(/time 1700000100000000001 is after 2023-11-14T22:15:00\.000Z, too far in the future$/),
      expect.stringMatching(/time 1 is before /),
    ])
  })

  test('before the time from which they are late are taken all the same, and counted to the nanosecond', () => {
    const late = OLDEST + 50_000_000_000n
    const outcome = transcode([OLDEST, late - 1n, late, NEWEST], { oldestUnixNano: OLDEST, lateBeforeUnixNano: late, newestUnixNano: NEWEST })
    expect([outcome.rows, outcome.late]).toEqual([4, 2])
  })

  test('are all taken without bounds', () => {
    expect(transcode([1n, OLDEST, NEWEST + 1n], undefined).rows).toBe(3)
  })

  test('without a time are taken whatever the bounds: theirs is when they came', () => {
    expect(transcode([0n], { oldestUnixNano: OLDEST, newestUnixNano: NEWEST }).rows).toBe(1)
  })
})
