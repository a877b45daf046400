import { describe, expect, test } from 'vitest'
import { transcodeLogs, type Transcoded } from '../src/index.ts'
import { rowsOf } from './block-rows.ts'
import { toJson, toProtobuf } from './otlp-messages.ts'

const options = { tenantId: 'acme', receivedAtUnixNano: 1_800_000_000_000_000_001n }
const log = {
  timeUnixNano: '1700000000000000001',
  observedTimeUnixNano: '1700000000000000009',
  severityNumber: 17,
  body: { stringValue: 'Order placed' },
  attributes: [{ key: 'order.id', value: { intValue: '7' } }],
  flags: 257,
  traceId: '5b8efff798038103d269b633813fc60c',
  spanId: 'eee19b7ec3c1b174',
  eventName: 'order.placed',
}
const request = (...logRecords: object[]): object => ({
  resourceLogs: [
    {
      resource: { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }] },
      schemaUrl: 'https://r',
      scopeLogs: [{ scope: { name: 'n', version: 'v', attributes: [{ key: 's', value: { boolValue: true } }] }, schemaUrl: 'https://s', logRecords }],
    },
  ],
})
const json = (body: object): Transcoded => transcodeLogs(toJson(body), { ...options, encoding: 'json' })
const protobuf = (body: object): Transcoded => transcodeLogs(toProtobuf('LogsRequest', body), { ...options, encoding: 'protobuf' })

test.each([['json', json] as const, ['protobuf', protobuf] as const])('a log record in %s fills every column of its row', (_, transcode) => {
  const block = transcode(request(log))
  expect(rowsOf(block)).toEqual([
    {
      Timestamp: '1700000000.000000001',
      TraceId: log.traceId,
      SpanId: log.spanId,
      TraceFlags: 1,
      SeverityText: 'ERROR',
      SeverityNumber: 17,
      ServiceName: 'shop',
      Body: 'Order placed',
      ResourceSchemaUrl: 'https://r',
      ResourceAttributes: { 'service.name': 'shop' },
      ScopeSchemaUrl: 'https://s',
      ScopeName: 'n',
      ScopeVersion: 'v',
      ScopeAttributes: { s: 'true' },
      LogAttributes: { 'order.id': '7' },
      EventName: 'order.placed',
      TenantId: 'acme',
      SampleRate: '1',
    },
  ])
  expect(Object.keys(rowsOf(block)[0] as object).toSorted()).toEqual([...block.blocks[0]!.columns].toSorted())
})

describe.each([['json', json] as const, ['protobuf', protobuf] as const])('in %s a log record', (_, transcode) => {
  const row = (part: object): unknown => rowsOf(transcode(request({ ...log, ...part })))[0]

  test('has the time it happened, else was observed, else came', () => {
    expect(row({ timeUnixNano: '0' })).toMatchObject({ Timestamp: '1700000000.000000009' })
    expect(row({ timeUnixNano: null, observedTimeUnixNano: 0 })).toMatchObject({ Timestamp: '1800000000.000000001' })
    expect(row({ timeUnixNano: '5' })).toMatchObject({ Timestamp: '0000000000.000000005' })
  })

  test.each([
    [{ traceId: 'abcd' }, 1],
    [{ traceId: '' }, 0],
    [{ traceId: '0'.repeat(32) }, 0],
  ])('with trace id %o is stored without a trace', (ids, warnings) => {
    const block = transcode(request({ ...log, ...ids }))
    expect(rowsOf(block)[0]).toMatchObject({ TraceId: '', SpanId: '' })
    expect(block.rejected.count).toBe(0)
    expect(block.warnings.get('log_without_trace') ?? 0).toBe(warnings)
  })

  test('keeps its own severity text; without one it is named after the number', () => {
    expect(row({ severityText: 'notice' })).toMatchObject({ SeverityText: 'notice' })
    const names = [0, 1, 4, 5, 9, 12, 13, 17, 20, 21, 24].map((severityNumber) => (row({ severityNumber }) as { SeverityText: string }).SeverityText)
    expect(names).toEqual(['', 'TRACE', 'TRACE', 'DEBUG', 'INFO', 'INFO', 'WARN', 'ERROR', 'ERROR', 'FATAL', 'FATAL'])
    expect(row({ severityNumber: 4000 })).toMatchObject({ SeverityNumber: 0, SeverityText: '' })
  })

  test('with a structured body has it as JSON', () => {
    const body = { kvlistValue: { values: [{ key: 'b', value: { intValue: '1' } }, { key: 'a', value: { doubleValue: 'NaN' } }] } }
    expect(row({ body })).toMatchObject({ Body: '{"a":"NaN","b":1}' })
  })
})
