import { describe, expect, test } from 'vitest'
import { transcodeLogs, type Transcoded, transcodeTraces } from '../src/index.ts'
import { rowsOf } from './block-rows.ts'
import { toProtobuf } from './otlp-messages.ts'

const options = { encoding: 'protobuf', tenantId: 't', receivedAtUnixNano: 1n } as const
const spanOf = (part: object): object => ({ traceId: 'ab'.repeat(16), spanId: '00000000cd000000', name: 'n', startTimeUnixNano: '5', endTimeUnixNano: '9', ...part })
const spans = (...parts: object[]): Transcoded => transcodeTraces(toProtobuf('TracesRequest', { resourceSpans: [{ scopeSpans: [{ spans: parts.map(spanOf) }] }] }), options)
const rate = (value: object): object[] => [{ key: 'a', value: { intValue: '7' } }, { key: 'SampleRate', value }]
const rates = (block: Transcoded): unknown[] => rowsOf(block).map((row) => row['SampleRate'])

describe.each([
  ['a span', (attributes: object[]) => spans({ attributes })] as const,
  ['a log record', (attributes: object[]) => transcodeLogs(toProtobuf('LogsRequest', { resourceLogs: [{ scopeLogs: [{ logRecords: [{ timeUnixNano: '5', attributes }] }] }] }), options)] as const,
])('the rate of %s', (_, send) => {
  test.each([
    [{ intValue: '10' }, '10'],
    [{ doubleValue: 25 }, '25'],
    [{ stringValue: '3' }, '3'],
    [{ intValue: String(2n ** 40n) }, String(2n ** 40n)],
  ])('is the attribute SampleRate: %o', (value, expected) => {
    const block = send(rate(value))
    expect(rates(block)).toEqual([expected])
    expect(block.warnings.get('sample_rate_invalid')).toBeUndefined()
  })

  test.each([{ intValue: '0' }, { intValue: '-5' }, { doubleValue: 'NaN' }, { doubleValue: 0.5 }, { stringValue: 'ten' }, { stringValue: '' }, { boolValue: true }, { intValue: String(2n ** 60n) }])('is 1 when the attribute is %o, which is counted', (value) => {
    const block = send(rate(value))
    expect(rates(block)).toEqual(['1'])
    expect(block.warnings.get('sample_rate_invalid')).toBe(1)
  })
})

test('records with and without the attribute do not mix', () => {
  expect(rates(spans({}, { attributes: rate({ intValue: '10' }) }, { attributes: [{ key: 'a', value: { intValue: '7' } }] }, { attributes: rate({ intValue: '2' }) }))).toEqual(['1', '10', '1', '2'])
})

describe('the rate of a span without the attribute', () => {
  test.each([
    ['ot=th:8', '2'],
    ['vendor=x,ot=rv:abcdef;th:c', '4'],
    ['ot=th:0', '1'],
    ['ot=th:fffffffffffff0', String(2 ** 52)],
    ['vendor=th:8', '1'],
    ['xot=th:8', '1'],
    ['ot=rv:8', '1'],
  ])('comes from the threshold in the trace state %o: %s', (traceState, expected) => {
    const block = spans({ traceState })
    expect(rates(block)).toEqual([expected])
    expect(block.warnings.get('sample_rate_invalid')).toBeUndefined()
  })

  test.each(['ot=th:', 'ot=th:xyz', 'ot=th:123456789012345'])('is 1 when the threshold is broken: %o', (traceState) => {
    const block = spans({ traceState })
    expect(rates(block)).toEqual(['1'])
    expect(block.warnings.get('sample_rate_invalid')).toBe(1)
  })

  test('between two whole numbers is the one or the other by the id of the span, right on average, and the same each time', () => {
    // Kept: 30 %; each stands for 3 1/3.
    const traceState = 'ot=th:b3333333333333'
    const many = Array.from({ length: 3_000 }, (_, index) => ({ traceState, spanId: Buffer.from([...Buffer.alloc(4).fill(1), 0, 0, index >> 8, index & 0xff].map((byte, at) => (at < 4 ? (index * 2_654_435_761) >>> (at * 8) & 0xff : byte))).toString('hex') }))
    const all = rates(spans(...many)).map(Number)
    expect(new Set(all)).toEqual(new Set([3, 4]))
    expect(all.reduce((sum, each) => sum + each, 0) / all.length).toBeCloseTo(10 / 3, 1)
    expect(rates(spans(...many)).map(Number)).toEqual(all)
  })

  test('that has the attribute as well is that of the attribute', () => {
    expect(rates(spans({ traceState: 'ot=th:8', attributes: rate({ intValue: '10' }) }))).toEqual(['10'])
  })
})
