import { describe, expect, test } from 'vitest'
import { transcodeTraces, type Transcoded } from '../src/index.ts'
import { bytesOf, pairsOf, rowsOf } from './block-rows.ts'
import { toJson, toProtobuf } from './otlp-messages.ts'

const TRACE = '5b8efff798038103d269b633813fc60c'
const SPAN = 'eee19b7ec3c1b174'
const options = { tenantId: 'acme', receivedAtUnixNano: 1_800_000_000_000_000_001n }

const span = {
  traceId: TRACE,
  spanId: SPAN,
  parentSpanId: 'eee19b7ec3c1b173',
  traceState: 'a=1',
  name: 'GET /products/:id',
  kind: 2,
  startTimeUnixNano: '1700000000000000001',
  endTimeUnixNano: '1700000000250000000',
  attributes: [
    { key: 'z', value: { stringValue: 'last' } },
    { key: 'http.response.status_code', value: { intValue: '200' } },
    { key: 'big', value: { intValue: '-9223372036854775808' } },
    { key: 'ratio', value: { doubleValue: 0.1 } },
    { key: 'ok', value: { boolValue: false } },
    { key: 'raw', value: { bytesValue: 'AAH/' } },
    { key: 'list', value: { arrayValue: { values: [{ intValue: '1' }, { stringValue: 'x"y' }, {}] } } },
    { key: 'nested', value: { kvlistValue: { values: [{ key: 'b', value: { doubleValue: 1e21 } }, { key: 'a', value: { boolValue: true } }] } } },
    { key: 'nothing', value: {} },
    { key: '10', value: { stringValue: 'ten' } },
    { key: '9', value: { stringValue: 'nine' } },
  ],
  events: [{ timeUnixNano: '1700000000100000000', name: 'exception', attributes: [{ key: 'exception.type', value: { stringValue: 'E' } }] }],
  links: [{ traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceState: 'x=y', attributes: [{ key: 'k', value: { stringValue: 'v' } }] }],
  status: { code: 2, message: 'broken' },
}

const request = (...spans: object[]): object => ({
  resourceSpans: [
    {
      resource: { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }, { key: 'host.name', value: { stringValue: 'h1' } }] },
      scopeSpans: [{ scope: { name: 'http', version: '1.2' }, spans }],
    },
  ],
})

const json = (body: object): Transcoded => transcodeTraces(toJson(body), { ...options, encoding: 'json' })
const protobuf = (body: object): Transcoded => transcodeTraces(toProtobuf('TracesRequest', body), { ...options, encoding: 'protobuf' })

describe.each([['json', json] as const, ['protobuf', protobuf] as const])('a span in %s', (_, transcode) => {
  test('fills every column of its row', () => {
    expect(rowsOf(transcode(request(span)))).toEqual([
      {
        Timestamp: '1700000000.000000001',
        TraceId: TRACE,
        SpanId: SPAN,
        ParentSpanId: 'eee19b7ec3c1b173',
        TraceState: 'a=1',
        SpanName: 'GET /products/:id',
        SpanKind: 'Server',
        ServiceName: 'shop',
        ResourceAttributes: { 'host.name': 'h1', 'service.name': 'shop' },
        ScopeName: 'http',
        ScopeVersion: '1.2',
        SpanAttributes: {
          '10': 'ten', '9': 'nine', big: '-9223372036854775808', 'http.response.status_code': '200', list: '[1,"x\\"y",null]',
          nested: '{"a":true,"b":1e+21}', nothing: '', ok: 'false', ratio: '0.1', raw: 'AAH/', z: 'last',
        },
        Duration: '249999999',
        StatusCode: 'Error',
        StatusMessage: 'broken',
        'Events.Timestamp': ['1700000000.100000000'],
        'Events.Name': ['exception'],
        'Events.Attributes': [{ 'exception.type': 'E' }],
        'Links.TraceId': ['a'.repeat(32)],
        'Links.SpanId': ['b'.repeat(16)],
        'Links.TraceState': ['x=y'],
        'Links.Attributes': [{ k: 'v' }],
        TenantId: 'acme',
        SampleRate: '1',
      },
    ])
  })

  test('has its attributes in the order of their bytes, also those that look like numbers', () => {
    const attributes = ['z', '9', 'é', '10', 'big', '😀'].map((key) => ({ key, value: { stringValue: '' } }))
    expect(pairsOf(transcode(request({ ...span, attributes })), 'SpanAttributes')).toEqual([['10', ''], ['9', ''], ['big', ''], ['z', ''], ['é', ''], ['😀', '']])
  })

  test('without a usable id is rejected alone, with its bytes and its reason', () => {
    const noTrace = { ...span, traceId: '00'.repeat(16) }
    const shortSpan = { ...span, spanId: 'abcd' }
    const block = transcode(request(span, noTrace, shortSpan, { ...span, parentSpanId: 'ab' }))
    expect(block).toMatchObject({ rows: 1, rejected: { count: 3 } })
    expect([...block.rejected.reasons]).toEqual([['invalid_trace_id', 1], ['invalid_span_id', 1], ['invalid_parent_span_id', 1]])
    expect(block.rejects[0]).toMatchObject({ reason: 'invalid_trace_id', detail: expect.stringContaining('all zeros') as string })
    expect(block.rejects.every((reject) => reject.raw.length > 100)).toBe(true)
  })

  test('of the far future is rejected instead of opening a partition of its own', () => {
    expect([...transcode(request({ ...span, startTimeUnixNano: '18446744073709551615' })).rejected.reasons]).toEqual([['timestamp_out_of_range', 1]])
  })

  test('gives the same bytes each time', () => {
    expect(bytesOf(transcode(request(span, span)))).toEqual(bytesOf(transcode(request(span, span))))
  })
})

describe.each([['json', json] as const, ['protobuf', protobuf] as const])('in %s a span', (_, transcode) => {
  const row = (part: object): unknown => rowsOf(transcode(request({ ...span, ...part })))[0]

  test('that ends before it starts lasts nothing, and is counted', () => {
    const block = transcode(request({ ...span, endTimeUnixNano: '1600000000000000000' }))
    expect(rowsOf(block)[0]).toMatchObject({ Duration: '0' })
    expect(block.warnings.get('end_before_start')).toBe(1)
  })

  test('without a start begins at its end, or when it came', () => {
    expect(row({ startTimeUnixNano: 0 })).toMatchObject({ Timestamp: '1700000000.250000000', Duration: '0' })
    expect(row({ startTimeUnixNano: 0, endTimeUnixNano: 0 })).toMatchObject({ Timestamp: '1800000000.000000001' })
  })

  test('of an unknown kind and status is Unspecified and Unset', () => {
    expect(row({ kind: 99, status: { code: -1 } })).toMatchObject({ SpanKind: 'Unspecified', StatusCode: 'Unset' })
  })

  test.each([[0, 'Unspecified'], [1, 'Internal'], [3, 'Client'], [4, 'Producer'], [5, 'Consumer']])('of kind %i is %s', (kind, name) => {
    expect(row({ kind })).toMatchObject({ SpanKind: name })
  })

  test('with zeros for a parent has none', () => {
    expect(row({ parentSpanId: '0'.repeat(16) })).toMatchObject({ ParentSpanId: '' })
  })

  test('keeps the first of equal attribute keys, and the others are counted', () => {
    const attributes = [{ key: 'k', value: { stringValue: 'first' } }, { key: 'k', value: { stringValue: 'second' } }]
    const block = transcode(request({ ...span, attributes }))
    expect(rowsOf(block)[0]).toMatchObject({ SpanAttributes: { k: 'first' } })
    expect(block.warnings.get('duplicate_attribute_key')).toBe(1)
  })

  test('keeps a link without usable ids, without them', () => {
    const block = transcode(request({ ...span, links: [{ traceId: 'zz', spanId: SPAN }] }))
    expect(rowsOf(block)[0]).toMatchObject({ 'Links.TraceId': [''], 'Links.SpanId': [''] })
    expect(block.warnings.get('link_without_ids')).toBe(1)
  })

  test('of a resource without a name belongs to unknown_service', () => {
    expect(rowsOf(transcode({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] }))[0]).toMatchObject({ ServiceName: 'unknown_service', ResourceAttributes: {} })
  })
})
