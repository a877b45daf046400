import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Limits, transcodeLogs, type Transcoded, transcodeMetrics } from '../src/index.ts'
import { bytesOf, rowsOf } from './block-rows.ts'
import { toProtobuf } from './otlp-messages.ts'

function logs(limits: Limits, part: object): Transcoded {
  const body = toProtobuf('LogsRequest', { resourceLogs: [{ scopeLogs: [{ logRecords: [{ timeUnixNano: '5', ...part }] }] }] })
  return transcodeLogs(body, { encoding: 'protobuf', tenantId: 't', receivedAtUnixNano: 1n, limits })
}
const row = (block: Transcoded): Record<string, unknown> => rowsOf(block)[0]!

test('values, texts and nested values beyond the limit are cut and counted; the body has a limit of its own', () => {
  const block = logs({ maxValueBytes: 4, maxBodyBytes: 6 }, {
    body: { stringValue: '12345678' },
    eventName: 'abcdef',
    attributes: [
      { key: 'exact', value: { stringValue: '1234' } },
      { key: 'long', value: { stringValue: '12345' } },
      { key: 'list', value: { arrayValue: { values: [{ intValue: '123456' }] } } },
      { key: 'bytes', value: { bytesValue: 'AAAAAAAA' } },
    ],
  })
  expect(row(block)).toMatchObject({ Body: '123456', EventName: 'abcd', LogAttributes: { bytes: 'AAAA', exact: '1234', list: '[123', long: '1234' } })
  expect([...block.warnings].filter(([kind]) => kind.endsWith('truncated'))).toEqual([['body_truncated', 1], ['value_truncated', 4]])
})

test('texts of metrics, attributes of data points and of exemplars are cut, too', () => {
  const attributes = [{ key: 'a', value: { stringValue: '12345' } }, { key: 'b', value: { boolValue: true } }]
  const metric = { name: 'metric', description: 'about it', unit: 'things', gauge: { dataPoints: [{ timeUnixNano: '5', attributes, exemplars: [{ filteredAttributes: attributes }] }] } }
  const body = toProtobuf('MetricsRequest', { resourceMetrics: [{ scopeMetrics: [{ metrics: [metric] }] }] })
  const transcoded = transcodeMetrics(body, { encoding: 'protobuf', tenantId: 't', receivedAtUnixNano: 1n, limits: { maxValueBytes: 4, maxAttributes: 1 } })
  expect(row(transcoded)).toMatchObject({ MetricName: 'metric', MetricDescription: 'abou', MetricUnit: 'thin', Attributes: { a: '1234' }, 'Exemplars.FilteredAttributes': [{ a: '1234' }] })
  expect(transcoded.warnings).toEqual(new Map([['value_truncated', 4], ['attribute_over_limit', 2]]))
})

test('no character is cut in two, and as much as fits is kept', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 40 }), fc.integer({ min: 1, max: 60 }), (stringValue, maxBodyBytes) => {
      const kept = String(row(logs({ maxBodyBytes }, { body: { stringValue } }))['Body'])
      const length = Buffer.byteLength(kept)
      expect(stringValue.startsWith(kept)).toBe(true)
      expect(length).toBeLessThanOrEqual(maxBodyBytes)
      const next = stringValue.codePointAt(kept.length)
      expect(next === undefined || length + Buffer.byteLength(String.fromCodePoint(next)) > maxBodyBytes).toBe(true)
    }),
    { numRuns: 500 },
  )
})

test('of too many attributes the first ones stay', () => {
  const attributes = ['d', 'c', 'b', 'a'].map((key) => ({ key, value: { intValue: '1' } }))
  const block = logs({ maxAttributes: 2 }, { attributes })
  expect(row(block)).toMatchObject({ LogAttributes: { c: '1', d: '1' } })
  expect(block.warnings.get('attribute_over_limit')).toBe(2)
  expect(bytesOf(block).includes('\u0001a')).toBe(false)
})
