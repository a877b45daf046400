import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { transcodeLogs, transcodeTraces } from '../src/index.ts'
import { bytesOf, rowsOf } from './block-rows.ts'
import { toJson, toProtobuf } from './otlp-messages.ts'
import { scrambled } from './oracle/scrambled.ts'

const options = { tenantId: 'default', receivedAtUnixNano: 1_800_000_000_000_000_000n }

const long = process.env['BALLAST_TEST_LONG'] === '1'
const TIMEOUT_MS = long ? 1_800_000 : 60_000

const text = fc.string({ unit: 'grapheme', maxLength: 12 })
const hexId = (bytes: number): fc.Arbitrary<string> => fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((id) => Buffer.from(id).toString('hex'))
const uint64 = fc.bigInt(0n, 2n ** 64n - 1n).map(String)
const time = fc.oneof(uint64, fc.bigInt(0n, 2n ** 62n).map(String))

const { value } = fc.letrec<{ value: object; keyValue: object }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    fc.constant({}),
    text.map((stringValue) => ({ stringValue })),
    fc.boolean().map((boolValue) => ({ boolValue })),
    fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n).map((int) => ({ intValue: String(int) })),
    // JSON has no minus zero: JSON.stringify(-0) is 0.
    fc.double().map((doubleValue) => ({ doubleValue: Number.isFinite(doubleValue) ? doubleValue + 0 : String(doubleValue) })),
    fc.uint8Array({ maxLength: 8 }).map((bytes) => ({ bytesValue: Buffer.from(bytes).toString('base64') })),
    fc.array(tie('value'), { maxLength: 3 }).map((values) => ({ arrayValue: { values } })),
    fc.array(tie('keyValue'), { maxLength: 3 }).map((values) => ({ kvlistValue: { values } })),
  ),
  keyValue: fc.record({ key: text, value: tie('value') }),
}))
const attributes = fc.array(fc.record({ key: text, value }), { maxLength: 4 })
const resource = fc.record({ attributes })
const scope = fc.record({ name: text, version: text, attributes })

const span = fc.record({
  traceId: fc.oneof(hexId(16), hexId(16), hexId(3)),
  spanId: hexId(8),
  parentSpanId: fc.oneof(fc.constant(''), hexId(8)),
  traceState: text,
  name: text,
  kind: fc.integer({ min: -1, max: 6 }),
  startTimeUnixNano: time,
  endTimeUnixNano: time,
  attributes,
  events: fc.array(fc.record({ timeUnixNano: time, name: text, attributes }), { maxLength: 2 }),
  links: fc.array(fc.record({ traceId: hexId(16), spanId: hexId(8), traceState: text, attributes }), { maxLength: 2 }),
  status: fc.record({ code: fc.integer({ min: 0, max: 3 }), message: text }),
})
const log = fc.record({
  timeUnixNano: time,
  observedTimeUnixNano: time,
  severityNumber: fc.integer({ min: -1, max: 30 }),
  severityText: text,
  body: value,
  attributes,
  flags: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  traceId: fc.oneof(fc.constant(''), hexId(16), hexId(5)),
  spanId: hexId(8),
  eventName: text,
})

describe('the same message in protobuf, in protobuf written another way, and in JSON gives the same rows, rejections and warnings', () => {
  test('for spans', () => {
    const requests = fc.record({ resourceSpans: fc.array(fc.record({ resource, schemaUrl: text, scopeSpans: fc.array(fc.record({ scope, schemaUrl: text, spans: fc.array(span, { maxLength: 3 }) }), { maxLength: 2 }) }), { maxLength: 2 }) })
    fc.assert(
      fc.property(requests, fc.infiniteStream(fc.nat()), (request, numbers) => {
        const json = transcodeTraces(toJson(request), { ...options, encoding: 'json' })
        const bytes = toProtobuf('TracesRequest', request)
        const protobuf = transcodeTraces(bytes, { ...options, encoding: 'protobuf' })
        expect(rowsOf(protobuf)).toEqual(rowsOf(json))
        expect(protobuf).toMatchObject({ rows: json.rows, rejected: json.rejected, warnings: json.warnings })
        const other = transcodeTraces(scrambled('TracesRequest', bytes, (bound) => numbers.next().value % bound), { ...options, encoding: 'protobuf' })
        expect(Buffer.compare(bytesOf(other), bytesOf(protobuf))).toBe(0)
        const received = request.resourceSpans.flatMap((each) => each.scopeSpans).flatMap((each) => each.spans).length
        expect(json.rows + json.rejected.count).toBe(received)
      }),
      { numRuns: long ? 20_000 : 300 },
    )
  }, TIMEOUT_MS)

  test('for log records', () => {
    const requests = fc.record({ resourceLogs: fc.array(fc.record({ resource, schemaUrl: text, scopeLogs: fc.array(fc.record({ scope, schemaUrl: text, logRecords: fc.array(log, { maxLength: 3 }) }), { maxLength: 2 }) }), { maxLength: 2 }) })
    fc.assert(
      fc.property(requests, fc.infiniteStream(fc.nat()), (request, numbers) => {
        const json = transcodeLogs(toJson(request), { ...options, encoding: 'json' })
        const bytes = toProtobuf('LogsRequest', request)
        const protobuf = transcodeLogs(bytes, { ...options, encoding: 'protobuf' })
        expect(rowsOf(protobuf)).toEqual(rowsOf(json))
        expect(protobuf).toMatchObject({ rows: json.rows, rejected: json.rejected, warnings: json.warnings })
        const other = transcodeLogs(scrambled('LogsRequest', bytes, (bound) => numbers.next().value % bound), { ...options, encoding: 'protobuf' })
        expect(Buffer.compare(bytesOf(other), bytesOf(protobuf))).toBe(0)
      }),
      { numRuns: long ? 20_000 : 300 },
    )
  }, TIMEOUT_MS)
})

test('any bytes at all are read or refused, never more', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.constantFrom('json' as const, 'protobuf' as const), (body, encoding) => {
      for (const transcode of [transcodeTraces, transcodeLogs]) {
        expect(outcomeOf(() => transcode(body, { ...options, encoding }))).toBeOneOf(['read', 'OtlpError'])
      }
    }),
    { numRuns: 300 },
  )
})

function outcomeOf(run: () => unknown): string {
  try {
    run()
    return 'read'
  } catch (error) {
    return (error as Error).name
  }
}
