import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Limits, transcodeLogs, type TranscodedBlock } from '../src/index.ts'
import { rowsOf } from './block-rows.ts'
import { toProtobuf } from './otlp-messages.ts'

function logs(limits: Limits, part: object): TranscodedBlock {
  const body = toProtobuf('LogsRequest', { resourceLogs: [{ scopeLogs: [{ logRecords: [{ timeUnixNano: '5', ...part }] }] }] })
  return transcodeLogs(body, { encoding: 'protobuf', tenantId: 't', receivedAtUnixNano: 1n, limits })
}
const row = (block: TranscodedBlock): Record<string, unknown> => rowsOf(block)[0]!

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
  expect(Buffer.from(block.body).includes('\u0001a')).toBe(false)
})
