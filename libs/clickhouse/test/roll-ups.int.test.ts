import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { type ClickHouse, createClickHouse, migrate, tableNames } from '../src/index.ts'

let client: ClickHouse

beforeAll(async () => {
  client = createClickHouse({ url: inject('clickhouseUrl'), database: `roll_ups_${process.pid}` })
  await migrate({ client })
})

afterAll(async () => {
  await client.command({ query: `DROP DATABASE IF EXISTS ${client.database}` })
  await client.close()
})

const minute = Math.floor(Date.now() / 60_000) * 60_000
const nanos = (ms: number): string => String(BigInt(ms) * 1_000_000n)
const id = (text: string, length: number): string => createHash('sha256').update(text).digest('hex').slice(0, length)
/** The same place in the same hour, however late in it the test runs. */
const hourStart = Math.floor(minute / 3_600_000) * 3_600_000

async function insert(table: string, rows: readonly object[], token: string): Promise<void> {
  const body = Buffer.from(rows.map((row) => JSON.stringify(row)).join('\n'))
  await client.insertBlock({ table, columns: Object.keys(rows[0]!), format: 'JSONEachRow', body, deduplicationToken: token })
}

const rows = async (query: string): Promise<readonly Record<string, unknown>[]> => client.query({ query })

function span(over: object): Record<string, unknown> {
  return {
    Timestamp: nanos(hourStart), TraceId: id('t', 32), SpanId: id('s', 16), ParentSpanId: '', SpanName: 'GET /', SpanKind: 'Server', ServiceName: 'shop',
    ResourceAttributes: { 'deployment.environment.name': 'prod' }, SpanAttributes: {}, Duration: '1000000', StatusCode: 'Unset', SampleRate: '1', ...over,
  }
}

describe('rate, errors and duration', () => {
  const block = [
    span({ Duration: '1000000', SampleRate: '10' }),
    span({ Duration: '8000000', StatusCode: 'Error' }),
    span({ Timestamp: nanos(hourStart + 60_000), Duration: '2000000' }),
    span({ SpanKind: 'Client', SpanName: 'GET', SpanAttributes: { 'server.address': 'catalog', 'server.port': '8081' } }),
  ]

  test('a minute and an hour hold the weighted counts, the sum and the buckets of durations', async () => {
    await insert('otel_traces', block, 'red-1')
    const minutes = await rows(`SELECT toUnixTimestamp(Time) * 1000 AS at, sum(Spans) AS spans, sum(Errors) AS errors, sum(DurationSum) AS total, max(DurationMax) AS longest, sumMap(Durations) AS durations FROM ${tableNames.redMinute} WHERE SpanKind = 'Server' GROUP BY Time ORDER BY Time`)
    expect(minutes).toMatchObject([
      { at: String(hourStart), spans: '11', errors: '1', total: '18000000', longest: '8000000', durations: { 159: '10', 183: '1' } },
      { at: String(hourStart + 60_000), spans: '1', errors: '0', total: '2000000', durations: { 167: '1' } },
    ])
    const hours = await rows(`SELECT toUnixTimestamp(Time) * 1000 AS at, sum(Spans) AS spans, sum(Errors) AS errors, sumMap(Durations) AS durations, any(Environment) AS environment FROM ${tableNames.redHour} WHERE SpanKind = 'Server' GROUP BY Time`)
    expect(hours).toEqual([{ at: String(hourStart), spans: '12', errors: '1', durations: { 159: '10', 167: '1', 183: '1' }, environment: 'prod' }])
  })

  test('a call names whom it calls', async () => {
    expect(await rows(`SELECT Peer, sum(Spans) AS n FROM ${tableNames.redMinute} WHERE SpanKind = 'Client' GROUP BY Peer`)).toEqual([{ Peer: 'catalog:8081', n: '1' }])
  })

  test('the same block with the same token counts once, in minutes and in hours behind them', async () => {
    await insert('otel_traces', block, 'red-1')
    const [sums] = await rows(`SELECT (SELECT sum(Spans) FROM ${tableNames.redMinute}) AS minutes, (SELECT sum(Spans) FROM ${tableNames.redHour}) AS hours, (SELECT sum(SampleRate) FROM otel_traces) AS spans`)
    expect(sums).toEqual({ minutes: '13', hours: '13', spans: '13' })
  })
})

test('a call between services is found whichever half comes first', async () => {
  const traces = Array.from({ length: 64 }, (_, index) => id(`call ${index}`, 32))
  const callers = traces.map((TraceId) => span({ TraceId, SpanId: id(`c${TraceId}`, 16), ServiceName: 'front', SpanKind: 'Client' }))
  const callees = traces.map((TraceId) => span({ TraceId, SpanId: id(`s${TraceId}`, 16), ParentSpanId: id(`c${TraceId}`, 16), ServiceName: 'back', SpanKind: 'Server', StatusCode: 'Error' }))
  await insert('otel_traces', [...callees.slice(0, 32), ...callers.slice(32)], 'calls-1')
  await insert('otel_traces', [...callers.slice(0, 32), ...callees.slice(32)], 'calls-2')
  const calls = await rows(`
    SELECT Caller, Callee, toUInt32(count()) AS sampled, toUInt32(sum(W)) AS estimate, toUInt32(sum(F)) AS failed FROM (
      SELECT CallId, maxIf(ServiceName, Side = 'caller') AS Caller, maxIf(ServiceName, Side = 'callee') AS Callee, max(Weight) AS W, max(Failed) * W AS F
      FROM ${tableNames.serviceCalls} GROUP BY CallId HAVING Caller = 'front' AND Callee != '') GROUP BY Caller, Callee`)
  const [chosen] = await rows(`SELECT toUInt32(countIf(cityHash64(TraceId) % 4 = 0)) AS n FROM otel_traces WHERE ServiceName = 'front'`)
  expect(Number(chosen!['n'])).toBeGreaterThan(4)
  expect(calls).toEqual([{ Caller: 'front', Callee: 'back', sampled: chosen!['n'], estimate: Number(chosen!['n']) * 4, failed: Number(chosen!['n']) * 4 }])
})

test('attribute keys and values are found, and a key of ids does not fill the table', async () => {
  const many = Array.from({ length: 2_000 }, (_, index) => span({ TraceId: id(`a${index}`, 32), SpanId: id(`a${index}`, 16), ServiceName: 'ids', SpanAttributes: { 'http.route': `/r${index % 3}`, 'user.id': `u${index}` } }))
  await insert('otel_traces', many, 'attributes')
  const values = await rows(`SELECT Key, toUInt32(uniqExact(Value)) AS n FROM ${tableNames.attributeValues} WHERE Source = 'span' AND Key IN ('http.route', 'user.id') GROUP BY Key ORDER BY Key`)
  expect(values).toEqual([{ Key: 'http.route', n: 3 }, { Key: 'user.id', n: 20 }])
  expect(await rows(`SELECT DISTINCT Key, Value FROM ${tableNames.attributeValues} WHERE Source = 'resource'`)).toEqual([{ Key: 'deployment.environment.name', Value: 'prod' }])
})

describe('metric points', () => {
  const point = { ServiceName: 'shop', ResourceAttributes: { 'host.name': 'h', 'process.pid': '7' }, StartTimeUnix: nanos(hourStart), TimeUnix: nanos(hourStart + 1_000) }

  test('gauges, sums and histograms are rolled up to minutes and hours, with the kind of each', async () => {
    await insert('otel_metrics_gauge', [{ ...point, MetricName: 'depth', Value: 4 }, { ...point, MetricName: 'depth', Value: 8 }], 'g')
    await insert('otel_metrics_sum', [
      { ...point, MetricName: 'gets', Attributes: { tier: 'local' }, Value: 10, AggregationTemporality: 2, IsMonotonic: true },
      { ...point, MetricName: 'gets', Attributes: { tier: 'local' }, TimeUnix: nanos(hourStart + 120_000), Value: 25, AggregationTemporality: 2, IsMonotonic: true },
      { ...point, MetricName: 'running', Value: 3, AggregationTemporality: 2, IsMonotonic: false },
    ], 's')
    await insert('otel_metrics_histogram', [{ ...point, MetricName: 'took', Count: '5', Sum: 2.5, BucketCounts: ['5'], ExplicitBounds: [], AggregationTemporality: 2 }], 'h')
    const hours = await rows(`SELECT MetricName AS name, Temporality AS kind, toUInt32(sum(Points)) AS points, sum(Total) AS total, min(Lowest) AS lowest, max(Highest) AS highest, any(Instance) AS instance FROM ${tableNames.metricsHour} GROUP BY name, kind ORDER BY name`)
    const common = { instance: 'h:7' }
    expect(hours).toEqual([
      { ...common, name: 'depth', kind: 0, points: 2, total: 12, lowest: 4, highest: 8 },
      { ...common, name: 'gets', kind: 2, points: 2, total: 35, lowest: 10, highest: 25 },
      { ...common, name: 'running', kind: 0, points: 1, total: 3, lowest: 3, highest: 3 },
      { ...common, name: 'took.count', kind: 2, points: 1, total: 5, lowest: 5, highest: 5 },
      { ...common, name: 'took.sum', kind: 2, points: 1, total: 2.5, lowest: 2.5, highest: 2.5 },
    ])
    expect(await rows(`SELECT toUInt32(count()) AS n FROM (SELECT DISTINCT Time FROM ${tableNames.metricsMinute} WHERE MetricName = 'gets')`)).toEqual([{ n: 2 }])
  })
})

describe('of a day of minutes', () => {
  const midnight = Math.floor(Date.now() / 86_400_000) * 86_400 - 86_400
  /** Rows in the granules that a query cannot leave out. */
  const rowsRead = async (table: string, where: string): Promise<number> => {
    const estimates = await rows(`EXPLAIN ESTIMATE SELECT Time FROM ${table} WHERE Time >= toDateTime(${midnight}) AND Time < toDateTime(${midnight + 86_400}) AND ${where}`)
    return estimates.reduce((sum, estimate) => sum + Number(estimate['rows']), 0)
  }

  test('an hour of one metric is read without the other hours and metrics', async () => {
    await client.command({ query: `INSERT INTO otel_metrics_gauge (MetricName, ServiceName, TimeUnix, Value) SELECT concat('m-', toString(number % 20)), 'shop', toDateTime64(${midnight} + 60 * intDiv(number, 20), 9), 1 FROM numbers(20 * 1440)` })
    expect(await rowsRead(tableNames.metricsMinute, '1')).toBeGreaterThanOrEqual(20 * 1_440)
    expect(await rowsRead(tableNames.metricsMinute, `MetricName = 'm-7' AND Time >= toDateTime(${midnight + 36_000}) AND Time < toDateTime(${midnight + 39_600})`)).toBeLessThanOrEqual(3 * 1_024)
  })

  test('what services answered is read without what they called', async () => {
    await client.command({ query: `INSERT INTO otel_traces (Timestamp, ServiceName, SpanKind, SpanName) SELECT toDateTime64(${midnight} + 60 * intDiv(number, 20), 9), concat('s-', toString(intDiv(number, 2) % 10)), if(number % 2 = 0, 'Client', 'Server'), 'GET' FROM numbers(20 * 1440)` })
    expect(await rowsRead(tableNames.redMinute, '1')).toBeGreaterThanOrEqual(20 * 1_440)
    expect(await rowsRead(tableNames.redMinute, `SpanKind IN ('Server', 'Consumer')`)).toBeLessThanOrEqual(10 * 1_440 + 2 * 1_024)
    expect(await rowsRead(tableNames.redMinute, `SpanKind = 'Server' AND ServiceName = 's-3'`)).toBeLessThanOrEqual(1_440 + 2 * 1_024)
  })
})
