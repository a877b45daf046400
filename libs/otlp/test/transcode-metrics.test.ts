import { insertColumns, tables } from '@ballast/clickhouse'
import { describe, expect, test } from 'vitest'
import { type Transcoded, transcodeMetrics } from '../src/index.ts'
import { blockRows, rowsOf } from './block-rows.ts'
import { toProtobuf } from './otlp-messages.ts'

const options = { encoding: 'protobuf', tenantId: 'acme', receivedAtUnixNano: 1_800_000_000_000_000_001n } as const
const TRACE = '5b8efff798038103d269b633813fc60c'
const SPAN = 'eee19b7ec3c1b174'

const request = (...metrics: object[]): object => ({
  resourceMetrics: [
    {
      resource: { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }] },
      schemaUrl: 'https://r',
      scopeMetrics: [{ scope: { name: 'n', version: 'v', attributes: [{ key: 's', value: { boolValue: true } }], droppedAttributesCount: 3 }, schemaUrl: 'https://s', metrics }],
    },
  ],
})
const transcode = (...metrics: object[]): Transcoded => transcodeMetrics(toProtobuf('MetricsRequest', request(...metrics)), options)

const point = {
  attributes: [{ key: 'room', value: { stringValue: 'a' } }, { key: 'floor', value: { intValue: '2' } }],
  startTimeUnixNano: '1700000000000000001',
  timeUnixNano: '1700000001000000002',
  flags: 1,
}
const exemplars = [{ filteredAttributes: [{ key: 'user', value: { stringValue: 'u' } }], timeUnixNano: '1700000000500000000', asInt: '-7', traceId: TRACE, spanId: SPAN }, { asDouble: 0.5 }]
const distribution = { count: '9', sum: 4.5, min: -1, max: 3 }

const series = {
  ResourceAttributes: { 'service.name': 'shop' },
  ResourceSchemaUrl: 'https://r',
  ScopeName: 'n',
  ScopeVersion: 'v',
  ScopeAttributes: { s: 'true' },
  ScopeDroppedAttrCount: 3,
  ScopeSchemaUrl: 'https://s',
  ServiceName: 'shop',
  MetricName: 'm',
  MetricDescription: 'd',
  MetricUnit: 'u',
  Attributes: { floor: '2', room: 'a' },
  StartTimeUnix: '1700000000.000000001',
  TimeUnix: '1700000001.000000002',
  Flags: 1,
  TenantId: 'acme',
}
const exemplarColumns = {
  'Exemplars.FilteredAttributes': [{ user: 'u' }, {}],
  'Exemplars.TimeUnix': ['1700000000.500000000', '0000000000.000000000'],
  'Exemplars.Value': [-7, 0.5],
  'Exemplars.SpanId': [SPAN, ''],
  'Exemplars.TraceId': [TRACE, ''],
}
const deep = Array.from({ length: 40 }).reduce<object>((inner) => ({ arrayValue: { values: [inner] } }), {})
const texts = { name: 'm', description: 'd', unit: 'u' }
const distributionColumns = { Count: '9', Sum: 4.5, Min: -1, Max: 3 }

test.each([
  ['gauge', tables.metricsGauge, { gauge: { dataPoints: [{ ...point, asDouble: -2.5, exemplars }] } }, { Value: -2.5, ...exemplarColumns }],
  ['sum', tables.metricsSum, { sum: { dataPoints: [{ ...point, asInt: '-3', exemplars }], aggregationTemporality: 1, isMonotonic: true } }, { Value: -3, AggregationTemporality: 1, IsMonotonic: true, ...exemplarColumns }],
  [
    'histogram',
    tables.metricsHistogram,
    { histogram: { dataPoints: [{ ...point, ...distribution, bucketCounts: ['1', '8', '0'], explicitBounds: [0.5, 2], exemplars }], aggregationTemporality: 2 } },
    { ...distributionColumns, BucketCounts: ['1', '8', '0'], ExplicitBounds: [0.5, 2], AggregationTemporality: 2, ...exemplarColumns },
  ],
  [
    'exponential histogram',
    tables.metricsExponentialHistogram,
    { exponentialHistogram: { dataPoints: [{ ...point, ...distribution, scale: -2, zeroCount: '4', positive: { offset: 7, bucketCounts: ['300'] }, negative: { offset: -7, bucketCounts: ['1', '0'] }, exemplars }], aggregationTemporality: 2 } },
    { ...distributionColumns, Scale: -2, ZeroCount: '4', PositiveOffset: 7, PositiveBucketCounts: ['300'], NegativeOffset: -7, NegativeBucketCounts: ['1', '0'], AggregationTemporality: 2, ...exemplarColumns },
  ],
  [
    'summary',
    tables.metricsSummary,
    { summary: { dataPoints: [{ ...point, count: '9', sum: 4.5, quantileValues: [{ quantile: 0.5, value: 1 }, { quantile: 1, value: 3 }] }] } },
    { Count: '9', Sum: 4.5, 'ValueAtQuantiles.Quantile': [0.5, 1], 'ValueAtQuantiles.Value': [1, 3] },
  ],
])('a data point of a %s fills every column of its row', (_, table, data, own) => {
  const { blocks, warnings } = transcode({ ...texts, ...data })
  expect(blocks.map((block) => block.table)).toEqual([table.name])
  expect(blocks[0]!.columns).toEqual(insertColumns(table).map(({ name }) => name))
  expect(blockRows(blocks[0]!)).toEqual([{ ...series, ...own }])
  expect([...warnings]).toEqual([])
})

describe('a metric', () => {
  const gauge = (...dataPoints: object[]): object => ({ ...texts, gauge: { dataPoints } })
  const sum = (...dataPoints: object[]): object => ({ ...texts, sum: { dataPoints } })

  test('of another kind goes into another table; points of one kind share a block', () => {
    const { blocks, rows } = transcode(sum(point), gauge(point, point), sum(point, point))
    expect(blocks.map(({ table, rows: count }) => [table, count])).toEqual([['otel_metrics_gauge', 2], ['otel_metrics_sum', 3]])
    expect(rows).toBe(5)
  })

  test('without data, or with data of a kind that is not known, gives no rows and is counted', () => {
    const transcoded = transcode(texts, gauge(point), { name: 'x' })
    expect(transcoded).toMatchObject({ rows: 1, rejected: { count: 0 } })
    expect([...transcoded.warnings]).toEqual([['metric_without_data', 2]])
    // Field 20, a message.
    const unknown = Buffer.from('0a0812061204a2010100', 'hex')
    expect([...transcodeMetrics(unknown, options).warnings]).toEqual([['metric_without_data', 1]])
  })

  test('with an empty list of points gives no rows and is no problem', () => {
    expect(transcode(gauge())).toMatchObject({ blocks: [], rows: 0, rejected: { count: 0 } })
  })

  test('whose name is not UTF-8 loses its points, each rejected with its bytes', () => {
    const body = Buffer.from(toProtobuf('MetricsRequest', request({ ...gauge(point, point), name: 'BAD' }, gauge(point))))
    body.fill(0xff, body.indexOf('BAD'), body.indexOf('BAD') + 3)
    const { rows, rejected, rejects } = transcodeMetrics(body, options)
    expect([rows, rejected.count]).toEqual([1, 2])
    expect(rejects[0]).toMatchObject({ reason: 'invalid_utf8', detail: expect.stringContaining('the name, description or unit of the metric is not UTF-8') as string })
  })
})

describe('a data point', () => {
  const gauge = (...dataPoints: object[]): Transcoded => transcode({ ...texts, gauge: { dataPoints } })
  const value = (part: object): unknown => rowsOf(gauge({ ...point, ...part }))[0]!['Value']

  test.each([
    ['2^53 + 1', { asInt: String(2n ** 53n + 1n) }, 2 ** 53],
    ['the smallest integer', { asInt: String(-(2n ** 63n)) }, -(2 ** 63)],
    ['minus one', { asInt: '-1' }, -1],
    ['NaN', { asDouble: Number.NaN }, Number.NaN],
    ['nothing', {}, 0],
  ])('of value %s has the nearest double', (_, part, expected) => {
    expect(value(part)).toBe(expected)
  })

  test('without a time has the time when it came, and is counted', () => {
    const transcoded = gauge({ ...point, timeUnixNano: 0 })
    expect(rowsOf(transcoded)[0]).toMatchObject({ TimeUnix: '1800000000.000000001' })
    expect([...transcoded.warnings]).toEqual([['time_missing', 1]])
  })

  test.each([
    ['its time is after 2106', { timeUnixNano: String(2n ** 63n) }, 'timestamp_out_of_range'],
    ['its start is after 2106', { startTimeUnixNano: String(2n ** 63n) }, 'timestamp_out_of_range'],
    ['the time of an exemplar is after 2106', { exemplars: [{ timeUnixNano: String(2n ** 63n) }] }, 'timestamp_out_of_range'],
    ['a value nests too deep', { attributes: [{ key: 'k', value: deep }] }, 'nested_too_deep'],
  ])('is cut out alone when %s', (_, part, reason) => {
    const { rows, rejected, rejects, blocks } = gauge(point, { ...point, ...part, flags: 99 }, point)
    expect([rows, rejected.count, [...rejected.reasons]]).toEqual([2, 1, [[reason, 1]]])
    expect(rejects[0]!.detail).toMatch(/^gauge "m": /)
    // flags, field 8: the point's own bytes.
    expect(Buffer.from(rejects[0]!.raw).includes(Buffer.from([8 << 3, 99]))).toBe(true)
    expect(blocks[0]!.body).toEqual(gauge(point, point).blocks[0]!.body)
  })

  test.each([
    ['a trace id of another length', { traceId: 'abcd', spanId: SPAN }, ['', '']],
    ['a span id of another length', { traceId: TRACE, spanId: 'abcd' }, [TRACE, '']],
    ['a span id alone', { spanId: SPAN }, ['', '']],
  ])('keeps an exemplar with %s, without what is unusable', (_, part, ids) => {
    const transcoded = gauge({ ...point, exemplars: [part] })
    const row = rowsOf(transcoded)[0]!
    expect([row['Exemplars.TraceId'], row['Exemplars.SpanId']]).toEqual(ids.map((id) => [id]))
    expect([...transcoded.warnings]).toEqual([['exemplar_without_ids', 1]])
  })
})

test('packed numbers that do not fill their last one refuse the request', () => {
  // ResourceMetrics > ScopeMetrics > Metric > Histogram > HistogramDataPoint > bucket_counts.
  const body = ['32', '0a', '4a', '12', '12', '0a'].reduce((inner, tag) => Buffer.concat([Buffer.from(tag, 'hex'), Buffer.of(inner.length), inner]), Buffer.alloc(9))
  expect(() => transcodeMetrics(body, options)).toThrow(expect.objectContaining({ code: 'INVALID_PROTOBUF' }) as Error)
})

test.each([
  ['spans', 'TracesRequest', { resourceSpans: [{ scopeSpans: [{ spans: [{ traceId: TRACE, spanId: SPAN, name: 'GET /', kind: 2, startTimeUnixNano: '5' }] }] }] }, '/v1/traces'],
  ['log records', 'LogsRequest', { resourceLogs: [{ scopeLogs: [{ logRecords: [{ timeUnixNano: '1', body: { stringValue: 'x' } }] }] }] }, '/v1/logs'],
] as const)('%s are told where they belong', (_, name, body, path) => {
  expect(() => transcodeMetrics(toProtobuf(name, body), options)).toThrow(expect.objectContaining({ code: 'WRONG_ENDPOINT', message: expect.stringContaining(path) as string }) as Error)
})
