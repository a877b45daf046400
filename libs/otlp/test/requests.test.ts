import { describe, expect, test } from 'vitest'
import { OtlpError, transcodeLogs, type Transcoded, transcodeTraces } from '../src/index.ts'
import { bytesOf, rowsOf } from './block-rows.ts'
import { toJson, toProtobuf } from './otlp-messages.ts'

const options = { tenantId: 'default', receivedAtUnixNano: 1n }
const traces = (body: Uint8Array | string, encoding: 'json' | 'protobuf' = 'json'): Transcoded => transcodeTraces(Buffer.from(body), { ...options, encoding })
const logs = (body: Uint8Array | string, encoding: 'json' | 'protobuf' = 'json'): Transcoded => transcodeLogs(Buffer.from(body), { ...options, encoding })
const span = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), name: 'n', startTimeUnixNano: '1700000000000000000' }
const tracesOf = (...spans: object[]): object => ({ resourceSpans: [{ scopeSpans: [{ spans }] }] })
const row = (body: Uint8Array | string): Record<string, unknown> => rowsOf(traces(body))[0]!

function problem(run: () => unknown): OtlpError {
  try {
    run()
  } catch (error) {
    if (error instanceof OtlpError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('JSON', () => {
  test('with unknown fields anywhere is read as if they were not there; snake_case is unknown', () => {
    const block = traces(toJson({ extra: {}, resourceSpans: [{ extra: 1, scopeSpans: [{ extra: [], spans: [{ ...span, extra: null, trace_id: 'x', newField: { deep: [1] } }] }] }] }))
    expect(block.rows).toBe(1)
  })

  test('takes 64-bit integers as digits, too, without losing one', () => {
    expect(row(`{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"${span.traceId}","spanId":"${span.spanId}","startTimeUnixNano":1700000000000000001}]}]}]}`)).toMatchObject({ Timestamp: '1700000000.000000001' })
  })

  test('takes null for unset, numbers for texts of numbers, and special doubles', () => {
    const attributes = [
      { key: 'zero', value: { intValue: '0' } },
      { key: 'one', value: { intValue: 1 } },
      { key: 'inf', value: { doubleValue: '-Infinity' } },
      { key: 'text', value: { doubleValue: '1.5' } },
      { key: 'unset', value: null },
    ]
    expect(row(toJson(tracesOf({ ...span, kind: null, events: null, attributes })))).toMatchObject({ SpanAttributes: { inf: '-Infinity', one: '1', text: '1.5', unset: '', zero: '0' } })
  })

  test('takes the names of enums, and counts them', () => {
    const block = traces(toJson(tracesOf({ ...span, kind: 'SPAN_KIND_CLIENT', status: { code: 'STATUS_CODE_ERROR' } })))
    expect(rowsOf(block)[0]).toMatchObject({ SpanKind: 'Client', StatusCode: 'Error' })
    expect(block.warnings.get('enum_name')).toBe(2)
  })

  test('takes ids in upper case, and repairs ids in base64', () => {
    const block = traces(toJson(tracesOf({ ...span, traceId: Buffer.from('AB'.repeat(16), 'hex').toString('base64'), spanId: 'AB'.repeat(8) })))
    expect(rowsOf(block)[0]).toMatchObject({ TraceId: 'ab'.repeat(16), SpanId: 'ab'.repeat(8) })
    expect(block.warnings.get('id_was_base64')).toBe(1)
  })

  test('with half a surrogate pair becomes a text that ClickHouse can read, and is counted', () => {
    const block = traces(String.raw`{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"${span.traceId}","spanId":"${span.spanId}","name":"\ud800"}]}]}]}`)
    expect(rowsOf(block)[0]).toMatchObject({ SpanName: '\ufffd' })
    expect(block.warnings.get('lone_surrogate')).toBe(1)
  })

  test.each(['', '{}', '{"resourceSpans":[]}', '{"resourceSpans":[{"scopeSpans":[{}]}]}'])('%o is an empty request', (body) => {
    expect(traces(body)).toMatchObject({ rows: 0, rejected: { count: 0 } })
  })

  test('that is no OTLP at all is taken, and said to hold nothing known', () => {
    expect(traces('{"hello":1}').warnings.get('no_known_field')).toBe(1)
  })
})

describe('a request is refused, and it is said why, when', () => {
  test.each([
    ['its JSON is broken', () => traces('{"resourceSpans":['), 'INVALID_JSON', /not JSON/],
    ['something comes after its JSON', () => traces('{} x'), 'INVALID_JSON', /not JSON/],
    ['it begins with a byte order mark', () => traces('\ufeff{}'), 'INVALID_JSON', /not JSON/],
    ['its JSON is not UTF-8', () => traces(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d])), 'INVALID_UTF8', /UTF-8/],
    ['it is an array', () => traces('[]'), 'WRONG_SHAPE', /the body must be an object, but is an array/],
    ['its JSON nests without end', () => traces('['.repeat(200_000)), 'INVALID_JSON', /./],
    ['a list is no list', () => traces('{"resourceSpans":{}}'), 'WRONG_SHAPE', /resourceSpans must be an array, but is an object/],
    ['a value of its resource is none', () => traces('{"resourceSpans":[{"resource":{"attributes":[{"key":"k","value":{"intValue":"many"}}]}}]}'), 'WRONG_SHAPE', /resource\.attributes\[0\]\.value\.intValue must be an integer.*"many"/],
    ['logs come to the traces', () => traces('{"resourceLogs":[]}'), 'WRONG_ENDPOINT', /\/v1\/logs/],
    ['traces come to the logs', () => logs('{"resourceSpans":[]}'), 'WRONG_ENDPOINT', /\/v1\/traces/],
    ['metrics come to the logs', () => logs('{"resourceMetrics":[]}'), 'WRONG_ENDPOINT', /\/v1\/metrics/],
  ])('%s', (_, run, code, message) => {
    const error = problem(run)
    expect(error.code).toBe(code)
    expect(error.message).toMatch(message)
  })

  test('attributes are an object: the path, and the shape they must have', () => {
    const error = problem(() => traces(toJson(tracesOf(span, { ...span, attributes: { a: 1 } }))))
    expect(error).toMatchObject({ code: 'WRONG_SHAPE', path: 'resourceSpans[0].scopeSpans[0].spans[1].attributes' })
    expect(error.message).toContain('"stringValue"')
  })
})

test.each(['json', 'protobuf'] as const)('%s loses only the record whose value nests deeper than 32 levels', (encoding) => {
  const nested = (levels: number): object => ({ ...span, attributes: [{ key: 'k', value: Array.from({ length: levels }).reduce<object>((value) => ({ arrayValue: { values: [value] } }), { stringValue: 'x' }) }] })
  const body = tracesOf(span, nested(32), nested(33), nested(40))
  const block = traces(encoding === 'json' ? toJson(body) : toProtobuf('TracesRequest', body), encoding)
  expect(block.rows).toBe(2)
  expect([...block.rejected.reasons]).toEqual([['nested_too_deep', 2]])
})

describe('protobuf', () => {
  const good = Buffer.from(toProtobuf('TracesRequest', tracesOf(span)))

  test('with unknown fields of every wire type, groups included, is read as if they were not there', () => {
    // Fields 100 to 104: varint, I64, LEN, group (with a varint inside), I32.
    const unknown = Buffer.from('a00601' + 'a9060102030405060708' + 'b20602ffff' + 'bb060801bc06' + 'c50601020304', 'hex')
    expect(bytesOf(traces(Buffer.concat([unknown, good, unknown]), 'protobuf'))).toEqual(bytesOf(traces(good, 'protobuf')))
  })

  test('with the scope after its spans, or a resource in two parts, is read the same', () => {
    const one = Buffer.from(toProtobuf('TracesRequest', { resourceSpans: [{ resource: { attributes: [{ key: 'service.name', value: { stringValue: 's' } }] }, scopeSpans: [{ scope: { name: 'n' }, spans: [span] }] }] }))
    const field = (number: number, bytes: Buffer): Buffer => Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes])
    const keyValue = field(1, Buffer.concat([field(1, Buffer.from('service.name')), field(2, field(1, Buffer.from('s')))]))
    const spanMessage = Buffer.concat([field(1, Buffer.alloc(16, 0xaa)), field(2, Buffer.alloc(8, 0xbb)), field(5, Buffer.from('n')), Buffer.from('39', 'hex'), fixed64(1_700_000_000_000_000_000n)])
    const scopeSpans = Buffer.concat([field(2, spanMessage), field(1, field(1, Buffer.from('n')))])
    const reordered = field(1, Buffer.concat([field(2, scopeSpans), field(1, Buffer.alloc(0)), field(1, keyValue)]))
    expect(bytesOf(traces(reordered, 'protobuf'))).toEqual(bytesOf(traces(one, 'protobuf')))
  })

  test.each([
    ['a length beyond the end', '0aff01'],
    ['a number longer than ten bytes', '08ffffffffffffffffffffff01'],
    ['field number 0', '0001'],
    ['an unfinished varint', '08ff'],
    ['wire type 7', '0f00'],
    ['a group without its end', '0b'],
    ['an end of another group', '0b14'],
    ['an eight-byte field cut short', '09010203'],
  ])('with %s is refused', (_, bytes) => {
    expect(problem(() => traces(Buffer.from(bytes, 'hex'), 'protobuf')).code).toBe('INVALID_PROTOBUF')
  })

  test('that ends anywhere before its end is refused, or holds no span; it is never read past', () => {
    for (let length = 1; length < good.length; length++) expect(problem(() => traces(good.subarray(0, length), 'protobuf')).code, `${length} bytes`).toBe('INVALID_PROTOBUF')
  })

  test('loses only the records whose texts are not UTF-8, wherever the text is, and keeps their bytes', () => {
    const text = (stringValue: string): object[] => [{ key: 'k', value: { stringValue } }]
    const places: object[] = [
      { name: 'BAD' },
      { traceState: 'BAD' },
      { status: { message: 'BAD' } },
      { attributes: text('BAD') },
      { attributes: text(`${'long'.repeat(20)}BAD`) },
      { attributes: [{ key: 'BAD', value: { intValue: '1' } }] },
      { attributes: [{ key: 'k', value: { kvlistValue: { values: text('BAD') } } }] },
      { events: [{ name: 'BAD' }] },
      { events: [{ attributes: text('BAD') }] },
      { links: [{ traceId: span.traceId, spanId: span.spanId, attributes: text('BAD') }] },
    ]
    const spans = places.flatMap((place) => [span, { ...span, ...place }])
    const block = traces(spoiled('TracesRequest', tracesOf(...spans)), 'protobuf')
    expect(block).toMatchObject({ rows: places.length, rejected: { count: places.length } })
    expect([...block.rejected.reasons]).toEqual([['invalid_utf8', places.length]])
    expect(rowsOf(block)).toEqual(rowsOf(traces(toProtobuf('TracesRequest', tracesOf(...places.map(() => span))), 'protobuf')))
    for (const { raw } of block.rejects) expect(Buffer.from(raw).includes(0xff)).toBe(true)
  })

  test('loses only the log records whose texts are not UTF-8', () => {
    const records = [{ body: { stringValue: 'ok' } }, { body: { stringValue: 'BAD' } }, { severityText: 'BAD' }, { eventName: 'BAD' }]
    const block = logs(spoiled('LogsRequest', { resourceLogs: [{ scopeLogs: [{ logRecords: records }] }] }), 'protobuf')
    expect(block).toMatchObject({ rows: 1, rejected: { count: 3 } })
    expect(rowsOf(block)[0]).toMatchObject({ Body: 'ok' })
  })

  test('keeps a record whose text that is not UTF-8 is of a key that came before, and is not stored anyway', () => {
    const twice = [{ key: 'k', value: { stringValue: 'first' } }, { key: 'k', value: { stringValue: 'BAD' } }]
    const record = { attributes: [...twice, { key: 'nested', value: { kvlistValue: { values: twice } } }] }
    const block = logs(spoiled('LogsRequest', { resourceLogs: [{ scopeLogs: [{ logRecords: [record] }] }] }), 'protobuf')
    expect(rowsOf(block)[0]).toMatchObject({ LogAttributes: { k: 'first', nested: '{"k":"first"}' } })
    expect(block.warnings.get('duplicate_attribute_key')).toBe(2)
  })

  test('with a resource that is not UTF-8 is refused', () => {
    const body = { resourceSpans: [{ resource: { attributes: [{ key: 'k', value: { stringValue: 'BAD' } }] }, scopeSpans: [{ spans: [span] }] }] }
    expect(problem(() => traces(spoiled('TracesRequest', body), 'protobuf')).code).toBe('INVALID_UTF8')
  })

  test('is transcoded as well after a request that failed in the middle', () => {
    const before = bytesOf(traces(good, 'protobuf'))
    expect(problem(() => traces(Buffer.concat([good, Buffer.from('0aff01', 'hex')]), 'protobuf')).code).toBe('INVALID_PROTOBUF')
    expect(bytesOf(traces(good, 'protobuf'))).toEqual(before)
  })

  test('of another signal is told from this one by its fields', () => {
    const logsBody = toProtobuf('LogsRequest', { resourceLogs: [{ scopeLogs: [{ logRecords: [{ timeUnixNano: '1', body: { stringValue: 'x' } }] }] }] })
    const metricsBody = toProtobuf('MetricsRequest', { resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: 'm', sum: { dataPoints: [{ asDouble: 1 }] } }] }] }] })
    expect(problem(() => traces(logsBody, 'protobuf'))).toMatchObject({ code: 'WRONG_ENDPOINT', message: expect.stringContaining('/v1/logs') as string })
    expect(problem(() => traces(metricsBody, 'protobuf'))).toMatchObject({ code: 'WRONG_ENDPOINT', message: expect.stringContaining('/v1/metrics') as string })
    expect(problem(() => logs(good, 'protobuf'))).toMatchObject({ code: 'WRONG_ENDPOINT', message: expect.stringContaining('/v1/traces') as string })
    expect(problem(() => logs(metricsBody, 'protobuf'))).toMatchObject({ code: 'WRONG_ENDPOINT' })
  })
})

function fixed64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(value)
  return bytes
}

/** A request in which every BAD begins with a byte that UTF-8 does not have. */
function spoiled(name: 'TracesRequest' | 'LogsRequest', json: object): Uint8Array {
  const bytes = Buffer.from(toProtobuf(name, json))
  for (let at = bytes.indexOf('BAD'); at !== -1; at = bytes.indexOf('BAD', at)) bytes[at] = 0xff
  return bytes
}
