import { describe, expect, test } from 'vitest'
import { OtlpError, type Transcoded, transcodeLogs, transcodeMetrics, transcodeTraces } from '../src/index.ts'
import { rowsOf } from './block-rows.ts'

const options = { encoding: 'json', tenantId: 'default', receivedAtUnixNano: 1n } as const
const IDS = `"traceId":"${'a'.repeat(32)}","spanId":"${'b'.repeat(16)}"`
const tracesOf = (...spans: string[]): string => `{"resourceSpans":[{"scopeSpans":[{"spans":[${spans.join(',')}]}]}]}`
const traces = (body: string): Transcoded => transcodeTraces(Buffer.from(body), options)
const logs = (record: string): Transcoded => transcodeLogs(Buffer.from(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[${record}]}]}]}`), options)
const metrics = (metric: string): Transcoded => transcodeMetrics(Buffer.from(`{"resourceMetrics":[{"scopeMetrics":[{"metrics":[${metric}]}]}]}`), options)
/** The text of an attribute with this value, or why it is rejected. */
const valueOf = (value: string): unknown => {
  const transcoded = logs(`{"attributes":[{"key":"k","value":${value}}]}`)
  return transcoded.rejects[0]?.reason ?? (rowsOf(transcoded)[0]!['LogAttributes'] as Record<string, string>)['k']
}

function problem(run: () => unknown): OtlpError {
  try {
    run()
  } catch (error) {
    if (error instanceof OtlpError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('an integer', () => {
  test.each([
    ['0', '0'], ['-0', '0'], ['"-0"', '0'], ['"007"', '7'], ['5.0', '5'], ['1e3', '1000'], ['"1.25e2"', '125'], ['120e-1', '12'], ['0e99', '0'],
    ['999999999', '999999999'], ['1000000000', '1000000000'], ['999999999999999', '999999999999999'], ['"1000000000000000"', '1000000000000000'],
    ['9007199254740993', '9007199254740993'], ['1.7e18', '1700000000000000000'], ['-123456789012345678', '-123456789012345678'],
    ['9223372036854775807', '9223372036854775807'], ['"-9223372036854775808"', '-9223372036854775808'], ['-4294967296', '-4294967296'], [String.raw`"\u0031\u0032"`, '12'],
  ])('%s is %s', (text, value) => {
    expect(valueOf(`{"intValue":${text}}`)).toBe(value)
  })

  test.each(['1.5', '12e-1', '"soon"', '""', '"-"', '" 1"', '"1 "', '"+1"', '"0x10"', '"1,0"', 'true', '1e19', '1e99', '1e400', '9223372036854775808', '-9223372036854775809', '18446744073709551616', '"999999999999999999999"'])('is not %s: its record is rejected', (text) => {
    expect(valueOf(`{"intValue":${text}}`)).toBe('invalid_value')
  })

  test('of a time may need all of 64 bits without a sign', () => {
    expect(traces(tracesOf(`{${IDS},"startTimeUnixNano":"18446744073709551615"}`)).rejects[0]).toMatchObject({ reason: 'timestamp_out_of_range', detail: expect.stringContaining('18446744073709551615') as string })
    expect(traces(tracesOf(`{${IDS},"startTimeUnixNano":18446744073709551616}`)).rejects[0]!.reason).toBe('invalid_value')
    expect(traces(tracesOf(`{${IDS},"startTimeUnixNano":-1}`)).rejects[0]!.reason).toBe('invalid_value')
  })
})

test.each([
  ['0.1', '0.1'], ['-0', '0'], ['1', '1'], ['1e21', '1e+21'], ['"-1.5e-7"', '-1.5e-7'], ['123456789012345.6', '123456789012345.6'], ['5e-324', '5e-324'], ['0.30000000000000004', '0.30000000000000004'],
  ['"NaN"', 'NaN'], ['"Infinity"', 'Infinity'], ['"-Infinity"', '-Infinity'], ['1e400', 'Infinity'],
  ['"nan"', 'invalid_value'], ['"1."', 'invalid_value'], ['".5"', 'invalid_value'], ['""', 'invalid_value'], ['true', 'invalid_value'],
])('the double %s is %s', (text, value) => {
  expect(valueOf(`{"doubleValue":${text}}`)).toBe(value)
})

test.each([
  ['{"bytesValue":"AAH/"}', 'AAH/'], ['{"bytesValue":"AAH_"}', 'AAH/'], [String.raw`{"bytesValue":"AAH\/"}`, 'AAH/'], ['{"bytesValue":"AQ"}', 'AQ=='], ['{"bytesValue":"a b"}', 'invalid_value'], ['{"bytesValue":5}', 'invalid_value'],
  ['{"boolValue":true}', 'true'], ['{"boolValue":"true"}', 'invalid_value'], ['{"boolValue":1}', 'invalid_value'],
  ['{"stringValue":5}', 'invalid_value'], ['{"stringValue":null}', ''], ['null', ''], ['{}', ''],
  ['{"arrayValue":{"values":[null,{"intValue":1}]}}', '[null,1]'], ['{"arrayValue":{}}', '[]'], ['{"arrayValue":null}', ''],
  ['{"stringValue":"a","intValue":"2"}', '2'], ['{"stringValue":"a","stringValue":"b"}', 'b'], ['{"string_value":"a","stringvalue":"b","stringValueX":"c"}', ''],
  [String.raw`{"\u0073tringValue":"escaped key"}`, 'escaped key'],
  [String.raw`{"stringValue":"\"\\\/\b\f\n\r\t\u00e4\u20ac\ud83d\ude00"}`, '"\\/\b\f\n\r\tä€😀'],
  [String.raw`{"stringValue":"\ude00\ud83d x \ud83d\u0041"}`, '�� x �A'],
  [`{"stringValue":"${'x'.repeat(127)}"}`, 'x'.repeat(127)], [`{"stringValue":"${'é'.repeat(20_000)}"}`, 'é'.repeat(20_000)],
])('the value %.60s is %.60s', (text, value) => {
  expect(valueOf(text)).toBe(value)
})

describe('a text that is not JSON is refused with its place:', () => {
  test.each([
    ['{', /ends too early, at line 1, column 2 \(byte 1\)/],
    ['{"a":1', /ends too early/],
    ['{"a":"x', /ends too early/],
    ['{"a":"x\\', /ends too early/],
    ['{"a":"x\\u00', /ends too early/],
    ['{"a":1}}', /unexpected "}" at line 1, column 8 \(byte 7\)/],
    ['{\n  "a": 1,\n  }', /unexpected "}" at line 3, column 3 \(byte 14\)/],
    ['{"a":01}', /unexpected "1"/],
    ['{"a":1.}', /unexpected "}"/],
    ['{"a":.5}', /unexpected "\."/],
    ['{"a":+1}', /unexpected "\+"/],
    ['{"a":1e}', /unexpected "}"/],
    ['{"a":-}', /unexpected "}"/],
    ['{"a":nul}', /unexpected "n"/],
    ['{"a":NaN}', /unexpected "N"/],
    ["{'a':1}", /unexpected "'"/],
    ['{"a":"\t"}', /unexpected "\\t"/],
    ['{"a":"\\x"}', /unexpected "x"/],
    ['{"a":"\\u00zz"}', /unexpected "z"/],
    ['{"a":"ä\\é"}', /unexpected "é"/],
    ['{"a" 1}', /unexpected "1"/],
    ['{"a":1 "b":2}', /unexpected "\\""/],
    ['{"a":[1 2]}', /unexpected "2"/],
    ['{"a":[1,]}', /unexpected "]"/],
    ['{"a":{"b":1,}}', /unexpected "}"/],
    ['{"a":[}]', /unexpected "}"/],
    ['{"a":[[1}]]}', /unexpected "}"/],
    ['{"resourceSpans":[{}', /ends too early/],
    ['{"resourceSpans":[{"schemaUrl":"a\nb"}]}', /unexpected "\\n"/],
    ['\ufeff{}', /a byte order mark at line 1, column 1 \(byte 0\)/],
    ['/* */{}', /unexpected "\/"/],
  ])('%j', (text, message) => {
    expect(problem(() => traces(text))).toMatchObject({ code: 'INVALID_JSON', message: expect.stringMatching(message) as string })
  })
})

describe('a record that cannot be read', () => {
  test('is kept as its very bytes, white space and all, and the others are stored', () => {
    const bad = `{ "name" : 5,\n${IDS}, "unknown": [1, {"é": null}] }`
    const transcoded = traces(tracesOf(`{${IDS}}`, bad, `{${IDS},"kind":"SPAN_KIND_NONE"}`, '{}', `{${IDS}}`))
    expect(transcoded).toMatchObject({ rows: 2, rejected: { count: 3 } })
    expect([...transcoded.rejected.reasons]).toEqual([['invalid_value', 2], ['invalid_trace_id', 1]])
    expect(transcoded.rejects.map(({ raw, detail }) => [Buffer.from(raw).toString(), detail])).toEqual([
      [bad, 'name must be a string, but is 5'],
      [`{${IDS},"kind":"SPAN_KIND_NONE"}`, 'kind must be the number or name of an enum, such as SPAN_KIND_CONSUMER, but is "SPAN_KIND_NONE"'],
      ['{}', expect.stringContaining('the trace id is missing')],
    ])
  })

  test('says where in it the first mistake is', () => {
    const record = '{"attributes":[{"key":"a"},{"value":{"kvlistValue":{"values":[{"key":"b","value":{"intValue":"x"}}]}}},{"key":7}]}'
    expect(logs(record).rejects[0]!.detail).toMatch(/^attributes\[1\]\.value\.kvlistValue\.values\[0\]\.value\.intValue must be an integer from -9223372036854775808 .*, but is "x"$/)
  })

  test('because of an id that is no hex has the reason of the id, and the id as it came', () => {
    const spans = [`{${IDS},"traceId":"zz"}`, `{${IDS},"parentSpanId":"not a hex-id!!!!"}`]
    const { rejects } = traces(tracesOf(...spans))
    expect(rejects.map(({ reason }) => reason)).toEqual(['invalid_trace_id', 'invalid_parent_span_id'])
    expect(rejects.map(({ detail }) => detail)).toEqual([expect.stringContaining('"zz"'), expect.stringContaining('"not a hex-id!!!!"')])
  })

  test('is all points of a metric whose own fields cannot be read, and one point otherwise', () => {
    const points = '{"asInt":1,"timeUnixNano":5},{"asInt":"1.5"},{"asDouble":2,"timeUnixNano":6}'
    expect(metrics(`{"name":"m","gauge":{"dataPoints":[${points}]}}`)).toMatchObject({ rows: 2, rejected: { count: 1 } })
    const whole = metrics(`{"name":true,"gauge":{"dataPoints":[${points}]}}`)
    expect(whole).toMatchObject({ rows: 0, rejected: { count: 3 } })
    expect(whole.rejects.map(({ raw }) => Buffer.from(raw).toString())).toEqual(['{"asInt":1,"timeUnixNano":5}', '{"asInt":"1.5"}', '{"asDouble":2,"timeUnixNano":6}'])
    expect(metrics(`{"name":"m","histogram":{"dataPoints":[{"bucketCounts":[1,null]},{"explicitBounds":["x"]},{"bucketCounts":["1",2],"explicitBounds":[0.5]}]}}`)).toMatchObject({ rows: 1, rejected: { count: 2 } })
  })
})

test('a key that comes twice: the last text counts, objects are merged, lists are joined', () => {
  const span = `{${IDS},"name":"first","name":"last","status":{"code":2},"status":{"message":"m"},"events":[{"name":"a"}],"events":[{"name":"b"}]}`
  expect(rowsOf(traces(tracesOf(span)))[0]).toMatchObject({ SpanName: 'last', StatusCode: 'Error', StatusMessage: 'm', 'Events.Name': ['a', 'b'] })
})

test.each([
  ['{"resourceSpans":[null]}', 'resourceSpans[0] must be an object, but is null.'],
  ['{"resourceSpans":[{"scopeSpans":[{"spans":{}}]}]}', 'resourceSpans[0].scopeSpans[0].spans must be an array, but is an object.'],
  [tracesOf('{}', '{"status":"OK"}'), 'resourceSpans[0].scopeSpans[0].spans[1].status must be an object, but is "OK".'],
  [tracesOf('{"events":[{"name":["a"]}]}'), 'resourceSpans[0].scopeSpans[0].spans[0].events[0].name must be no object or array, but is an array.'],
  ['{"resourceSpans":[{"schemaUrl":5}]}', 'resourceSpans[0].schemaUrl must be a string, but is 5.'],
])('%s is refused: %s', (text, message) => {
  expect(problem(() => traces(text))).toMatchObject({ code: 'WRONG_SHAPE', message })
})

test('what is not known may nest without end', () => {
  const deep = `${'[{"a":'.repeat(100_000)}1${'}]'.repeat(100_000)}`
  expect(traces(`{"unknown":${deep},"resourceSpans":[{"scopeSpans":[{"spans":[{${IDS},"x":${deep}}]}]}]}`).rows).toBe(1)
})

test('values that nest without end cost their record, not the stack', () => {
  const deep = `${'{"arrayValue":{"values":['.repeat(50_000)}{}${']}}'.repeat(50_000)}`
  expect(valueOf(deep)).toBe('nested_too_deep')
})
