import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { OtlpError, transcodeLogs, transcodeMetrics, type Transcoded, transcodeTraces } from '../src/index.ts'
import { bytesOf, rowsOf } from './block-rows.ts'
import { fromProtobuf, type RequestName, toProtobuf } from './otlp-messages.ts'

const options = { encoding: 'protobuf', tenantId: 'default', receivedAtUnixNano: 1n } as const
const long = process.env['BALLAST_TEST_LONG'] === '1'
const TIMEOUT_MS = long ? 1_800_000 : 60_000

const attributes = [
  { key: 'text', value: { stringValue: 'ä text that is longer than forty bytes, so that it is copied another way' } },
  { key: 'int', value: { intValue: '-1' } },
  { key: 'double', value: { doubleValue: 1.5 } },
  { key: 'bool', value: { boolValue: true } },
  { key: 'bytes', value: { bytesValue: 'AAH/' } },
  { key: 'nested', value: { kvlistValue: { values: [{ key: 'a', value: { arrayValue: { values: [{ stringValue: 'x' }] } } }] } } },
  { key: 'int', value: {} },
]
const ids = { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8) }
const span = { ...ids, parentSpanId: 'ef'.repeat(8), name: 'n', kind: 2, startTimeUnixNano: '5', endTimeUnixNano: '9', attributes, status: { code: 1, message: 'm' },
  events: [{ timeUnixNano: '6', name: 'e', attributes }], links: [{ ...ids, traceState: 's', attributes }] }
const log = { ...ids, timeUnixNano: '5', severityNumber: 9, severityText: 'x', body: attributes[5]!.value, attributes, flags: 1, eventName: 'e' }
const scope = { name: 'scope', version: '1', attributes }
const traces = Buffer.from(toProtobuf('TracesRequest', { resourceSpans: [{ resource: { attributes }, scopeSpans: [{ scope, spans: [span, { ...span, name: 'o' }] }] }] }))
const logs = Buffer.from(toProtobuf('LogsRequest', { resourceLogs: [{ resource: { attributes }, schemaUrl: 'u', scopeLogs: [{ scope, logRecords: [log, log] }] }] }))

const point = { attributes, startTimeUnixNano: '5', timeUnixNano: '9', flags: 1, exemplars: [{ ...ids, filteredAttributes: attributes, timeUnixNano: '6', asInt: '-1' }] }
const distribution = { ...point, count: '3', sum: 1.5, min: 0, max: 1 }
const buckets = { offset: -3, bucketCounts: ['1', '300', '18446744073709551615'] }
const metrics = Buffer.from(toProtobuf('MetricsRequest', { resourceMetrics: [{ resource: { attributes }, schemaUrl: 'u', scopeMetrics: [{ scope, metrics: [
  { name: 'g', description: 'd', unit: 'u', gauge: { dataPoints: [{ ...point, asDouble: 1.5 }] } },
  { name: 's', sum: { dataPoints: [{ ...point, asInt: '7' }, point], aggregationTemporality: 2, isMonotonic: true } },
  { name: 'h', histogram: { dataPoints: [{ ...distribution, bucketCounts: ['1', '2'], explicitBounds: [0.5] }], aggregationTemporality: 1 } },
  { name: 'e', exponentialHistogram: { dataPoints: [{ ...distribution, scale: -1, zeroCount: '1', positive: buckets, negative: buckets }] } },
  { name: 'q', summary: { dataPoints: [{ ...point, count: '3', sum: 1.5, quantileValues: [{ quantile: 0.5, value: 1 }] }] } },
] }] }] }))

/** The block, or `undefined` for a refusal; any other error is a bug. */
function transcoded(transcode: typeof transcodeTraces, body: Uint8Array): Transcoded | undefined {
  try {
    return transcode(body, options)
  } catch (error) {
    if (error instanceof OtlpError) return undefined
    throw error
  }
}

/** What fast-check found that contradicts the property. */
function counterexample<T>(property: fc.IProperty<T>, numRuns: number): string | undefined {
  return fc.defaultReportMessage(fc.check(property, { numRuns }))
}

describe.each([
  ['traces', traces, transcodeTraces, 'TracesRequest'] as const,
  ['logs', logs, transcodeLogs, 'LogsRequest'] as const,
  ['metrics', metrics, transcodeMetrics, 'MetricsRequest'] as const,
])('%s whose bytes were changed', (_, good, transcode, name) => {
  // A request of metrics fills five tables, and takes as much longer.
  const share = name === 'MetricsRequest' && !long ? 5 : 1
  const changes = fc.array(fc.record({ at: fc.nat(good.length - 1), byte: fc.nat(255) }), { minLength: 1, maxLength: 4 })

  test('are refused, or give a block that holds every record that was not rejected', () => {
    expect(counterexample(
      fc.property(changes, fc.option(fc.nat(good.length)), (edits, cut) => {
        const body = Buffer.from(cut === null ? good : good.subarray(0, cut))
        for (const { at, byte } of edits) if (at < body.length) body[at] = byte
        const block = transcoded(transcode, body)
        if (block === undefined) return true
        const received = block.rows + block.rejected.count
        // An expectation for each would take longer than all the rest.
        return (
          rowsOf(block).length === block.rows &&
          block.rejects.length === block.rejected.count &&
          received === (recordsIn(name, body) ?? received) &&
          bytesOf(transcode(body, options)).equals(bytesOf(block))
        )
      }),
      long ? 500_000 : 10_000 / share,
    )).toBeUndefined()
  }, TIMEOUT_MS)

  test('are not read beyond their end', () => {
    expect(counterexample(
      fc.property(changes, (edits) => {
        const bytes = Buffer.from(good)
        for (const { at, byte } of edits) bytes[at] = byte
        // The same message with different bytes after it, which must not show.
        const [one, other] = [0x00, 0x0a].map((filler) => {
          const padded = Buffer.alloc(bytes.length + 64, filler)
          bytes.copy(padded)
          return transcoded(transcode, padded.subarray(0, bytes.length))
        })
        if (one === undefined || other === undefined) return one === other
        return bytesOf(one).equals(bytesOf(other)) && isDeepStrictEqual({ ...one, blocks: [] }, { ...other, blocks: [] })
      }),
      long ? 200_000 : 4_000 / share,
    )).toBeUndefined()
  }, TIMEOUT_MS)
})

/** Records as protobufjs counts them; `undefined` where it finds the message broken, having looked into records that we reject unread. */
function recordsIn(name: RequestName, body: Uint8Array): number | undefined {
  // Of two kinds of data in one metric protobufjs keeps both.
  if (name === 'MetricsRequest') return undefined
  try {
    const request = fromProtobuf(name, body) as { resourceSpans?: Group[]; resourceLogs?: Group[] }
    return (request.resourceSpans ?? request.resourceLogs ?? []).flatMap((group) => group.scopeSpans ?? group.scopeLogs ?? []).flatMap((scoped) => scoped.spans ?? scoped.logRecords ?? []).length
  } catch {
    return undefined
  }
}

interface Group {
  readonly scopeSpans?: readonly Scoped[]
  readonly scopeLogs?: readonly Scoped[]
}

interface Scoped {
  readonly spans?: readonly object[]
  readonly logRecords?: readonly object[]
}

test('a request of only bad records costs two passes, not one for each', () => {
  const spans = Array.from({ length: 5_000 }, () => ({ ...span, name: 'BAD' }))
  const body = Buffer.from(toProtobuf('TracesRequest', { resourceSpans: [{ scopeSpans: [{ spans }] }] }))
  for (let at = body.indexOf('BAD'); at !== -1; at = body.indexOf('BAD', at)) body[at] = 0xff
  expect(transcodeTraces(body, options)).toMatchObject({ rows: 0, rejected: { count: 5_000 } })
})

test('ten thousand attributes in one span, all with other keys, are sorted and complete', () => {
  const many = Array.from({ length: 10_000 }, (_, index) => ({ key: `k${(index * 7_919) % 10_000}`, value: { intValue: String(index) } }))
  const body = toProtobuf('TracesRequest', { resourceSpans: [{ scopeSpans: [{ spans: [{ ...span, attributes: many }, { ...span, attributes: many.toReversed() }] }] }] })
  const [first, second] = rowsOf(transcodeTraces(body, options))
  expect(Object.keys(first!['SpanAttributes'] as object)).toHaveLength(10_000)
  expect(first!['SpanAttributes']).toEqual(second!['SpanAttributes'])
})
