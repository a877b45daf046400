import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createRedaction, OtlpError, transcodeLogs, type Transcoded, transcodeMetrics, transcodeTraces } from '../src/index.ts'
import { bytesOf, rowsOf } from './block-rows.ts'
import { toJson, toProtobuf } from './otlp-messages.ts'

const long = process.env['BALLAST_TEST_LONG'] === '1'
const TIMEOUT_MS = long ? 1_800_000 : 60_000
const options = { tenantId: 'acme', receivedAtUnixNano: 1n } as const

/** Found by its value wherever it is. */
const FOUND = 'S3CR3T-4f9a'
/** Found only by the key it is under. */
const UNDER_KEY = 'under-a-key-77'

const rules = createRedaction({
  rules: [
    { name: 'dropped', keys: ['drop*'], action: 'drop' },
    { name: 'masked', keys: ['*mask*'], action: 'mask' },
    { name: 'hashed', keyPattern: '^hash', action: 'pseudonymise' },
    { name: 'found', valuePattern: 'S3CR3T-\\w{4}', contains: ['S3CR3T'], action: 'pseudonymise' },
    { name: 'always', valuePattern: 'NEVER-THERE', action: 'drop' },
  ],
  pseudonymSecret: 'a secret of the operator',
})

const text = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 8 }), fc.tuple(fc.string({ maxLength: 50 }), fc.string({ unit: 'grapheme', maxLength: 5 })).map(([before, after]) => before + FOUND + after))
const bytes = text.map((value) => Buffer.from(value).toString('base64'))
const plainKey = fc.oneof(text, fc.constantFrom('a', 'b', 'service.name'))
const secretKey = fc.constantFrom('drop.it', 'DROP', 'is_masked', 'hash', 'hashed.id')
/** Values whose every text is secret. */
const { secretValue } = fc.letrec<{ secretValue: object }>((tie) => ({
  secretValue: fc.oneof(
    { maxDepth: 2 },
    fc.constant({ stringValue: UNDER_KEY }),
    fc.array(tie('secretValue'), { maxLength: 2 }).map((values) => ({ arrayValue: { values } })),
    tie('secretValue').map((value) => ({ kvlistValue: { values: [{ key: 'x', value }] } })),
  ),
}))
const { value, attribute } = fc.letrec<{ value: object; attribute: object }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    text.map((stringValue) => ({ stringValue })),
    fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n).map((int) => ({ intValue: String(int) })),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((doubleValue) => ({ doubleValue })),
    bytes.map((bytesValue) => ({ bytesValue })),
    fc.array(tie('value'), { maxLength: 3 }).map((values) => ({ arrayValue: { values } })),
    fc.array(tie('attribute'), { maxLength: 3 }).map((values) => ({ kvlistValue: { values } })),
  ),
  attribute: fc.oneof(fc.record({ key: plainKey, value: tie('value') }), fc.record({ key: secretKey, value: secretValue })),
}))
const attributes = fc.array(attribute, { maxLength: 5 })
const hexId = (length: number): fc.Arbitrary<string> => fc.uint8Array({ minLength: length, maxLength: length }).map((id) => Buffer.from(id).toString('hex'))
/** No id has this length; what has the length of an id is taken for one, and ids are not searched. */
const textAsId = text.map((id) => Buffer.from(id)).filter(({ length }) => length !== 8 && length !== 16).map((id) => id.toString('hex'))
const time = fc.oneof(fc.bigInt(0n, 2n ** 62n), fc.constant(2n ** 63n)).map(String)
const scope = fc.record({ name: text, version: text, attributes })

const span = fc.record({
  traceId: fc.oneof(hexId(16), hexId(16), textAsId),
  spanId: hexId(8), traceState: text, name: text, startTimeUnixNano: time, endTimeUnixNano: time, attributes,
  events: fc.array(fc.record({ timeUnixNano: time, name: text, attributes }), { maxLength: 2 }),
  links: fc.array(fc.record({ traceId: hexId(16), spanId: hexId(8), traceState: text, attributes }), { maxLength: 2 }),
  status: fc.record({ code: fc.integer({ min: 0, max: 3 }), message: text }),
})
const log = fc.record({ timeUnixNano: time, severityText: text, body: value, attributes, traceId: hexId(16), spanId: hexId(8), eventName: text })
const traces = fc.array(fc.record({ resource: fc.record({ attributes }), schemaUrl: text, scopeSpans: fc.array(fc.record({ scope, schemaUrl: text, spans: fc.array(span, { maxLength: 3 }) }), { maxLength: 2 }) }), { maxLength: 2 })
const logs = fc.array(fc.record({ resource: fc.record({ attributes }), schemaUrl: text, scopeLogs: fc.array(fc.record({ scope, schemaUrl: text, logRecords: fc.array(log, { maxLength: 3 }) }), { maxLength: 2 }) }), { maxLength: 2 })

const exemplars = fc.array(fc.record({ timeUnixNano: time, asDouble: fc.constant(1.5), traceId: hexId(16), spanId: hexId(8), filteredAttributes: attributes }), { maxLength: 2 })
const point = fc.record({ timeUnixNano: time, attributes, exemplars })
const dataPoints = (more: object): fc.Arbitrary<object[]> => fc.array(point.map((made) => ({ ...made, ...more })), { maxLength: 3 })
const summaryPoints = fc.array(fc.record({ timeUnixNano: time, attributes }), { maxLength: 3 })
const metric = fc.tuple(
  fc.record({ name: text, description: text, unit: text }),
  fc.oneof(
    dataPoints({ asInt: '7' }).map((points) => ({ gauge: { dataPoints: points } })),
    dataPoints({ asDouble: 0.5 }).map((points) => ({ sum: { dataPoints: points, aggregationTemporality: 2, isMonotonic: true } })),
    dataPoints({ count: '1', bucketCounts: ['0', '1'], explicitBounds: [5] }).map((points) => ({ histogram: { dataPoints: points, aggregationTemporality: 1 } })),
    dataPoints({ count: '1', scale: 2, positive: { offset: 1, bucketCounts: ['1'] } }).map((points) => ({ exponentialHistogram: { dataPoints: points, aggregationTemporality: 1 } })),
    summaryPoints.map((points) => ({ summary: { dataPoints: points } })),
  ),
).map(([texts, data]) => ({ ...texts, ...data }))
const metrics = fc.array(fc.record({ resource: fc.record({ attributes }), schemaUrl: text, scopeMetrics: fc.array(fc.record({ scope, schemaUrl: text, metrics: fc.array(metric, { maxLength: 3 }) }), { maxLength: 2 }) }), { maxLength: 2 })

/** The secrets, as they are or as base64 or hex, that are in a block or among its rejected records. */
function leaks(transcoded: Transcoded): string[] {
  const stored = Buffer.concat([bytesOf(transcoded), ...transcoded.rejects.flatMap(({ raw, detail }) => [raw, Buffer.from(detail)])])
  const forms = [FOUND, UNDER_KEY].flatMap((secret) => [secret, Buffer.from(secret).toString('base64').slice(0, 12), Buffer.from(secret).toString('hex')])
  return forms.filter((form) => stored.includes(form))
}

/** What leaks, or the sentence with which the request is refused. */
function leaksOrRefusal(transcode: () => Transcoded): string {
  try {
    return leaks(transcode()).join()
  } catch (error) {
    if (error instanceof OtlpError) return error.message
    throw error
  }
}

/** Rules that never hit. */
const idle = createRedaction({ rules: [{ name: 'idle', keys: ['no such key'], action: 'drop' }, { name: 'idler', valuePattern: 'NO-SUCH-VALUE', action: 'mask' }] })

describe.each([
  ['trace', 'TracesRequest', traces.map((resourceSpans): object => ({ resourceSpans })), transcodeTraces],
  ['log', 'LogsRequest', logs.map((resourceLogs): object => ({ resourceLogs })), transcodeLogs],
  ['metric', 'MetricsRequest', metrics.map((resourceMetrics): object => ({ resourceMetrics })), transcodeMetrics],
] as const)('of a %s request', (_, name, requests, transcode) => {
  test('no secret is in the block or among the rejected records, wherever it was, and the same request gives the same block in both encodings', () => {
    fc.assert(
      fc.property(requests, (request) => {
        const bytes = toProtobuf(name, request)
        const protobuf = transcode(bytes, { ...options, encoding: 'protobuf', redaction: rules })
        expect(leaks(protobuf)).toEqual([])
        expect(rowsOf(protobuf)).toHaveLength(protobuf.rows)
        expect(bytesOf(transcode(bytes, { ...options, encoding: 'protobuf', redaction: rules })).equals(bytesOf(protobuf))).toBe(true)
        const json = transcode(toJson(request), { ...options, encoding: 'json', redaction: rules })
        expect(leaks(json)).toEqual([])
        expect(bytesOf(json).equals(bytesOf(protobuf))).toBe(true)
        expect(json.redactions).toEqual(protobuf.redactions)
        expect(json.rejects.every(({ encoding }) => encoding === 'protobuf')).toBe(true)
      }),
      { numRuns: long ? 50_000 : 300 },
    )
  }, TIMEOUT_MS)

  test('none is told or kept when JSON has it in a field that cannot hold it', () => {
    fc.assert(
      fc.property(requests, fc.constantFrom('kind', 'severityNumber', 'timeUnixNano', 'startTimeUnixNano', 'traceId', 'parentSpanId', 'asInt', 'count', 'scale', 'isMonotonic', 'aggregationTemporality', 'schemaUrl'), fc.boolean(), (request, field, isList) => {
        const wrong = isList && field === 'schemaUrl' ? [FOUND] : FOUND
        const body = Buffer.from(JSON.stringify(request, (key, item: unknown) => (key === field && item !== undefined ? wrong : item)))
        expect(leaksOrRefusal(() => transcode(body, { ...options, encoding: 'json', redaction: rules }))).not.toContain(FOUND)
      }),
      { numRuns: long ? 20_000 : 200 },
    )
  }, TIMEOUT_MS)

  test('rules that never hit change no byte of the block', () => {
    fc.assert(
      fc.property(requests, (request) => {
        const body = toProtobuf(name, request)
        expect(bytesOf(transcode(body, { ...options, encoding: 'protobuf', redaction: idle })).equals(bytesOf(transcode(body, { ...options, encoding: 'protobuf' })))).toBe(true)
      }),
      { numRuns: long ? 20_000 : 100 },
    )
  }, TIMEOUT_MS)
})
