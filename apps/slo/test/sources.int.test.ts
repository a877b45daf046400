import { readFileSync } from 'node:fs'
import { type ClickHouse, tableNames } from '@ballast/clickhouse'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { GroupFinder } from '../src/clickhouse/group-finder.ts'
import { RollUpStore } from '../src/clickhouse/roll-up-store.ts'
import { SpanStore } from '../src/clickhouse/span-store.ts'
import type { BucketCounts, CountResult } from '../src/measure/event-store.ts'
import type { GroupBy, Indicator, RowIndicator } from '../src/measure/indicator.ts'
import type { RollUpRow } from '../src/measure/roll-up.ts'
import { seriesOf } from '../src/measure/series.ts'
import { groupObjective, groupPattern } from '../src/objective/grouping.ts'
import { readObjectiveSet } from '../src/openslo/objective-set.ts'
import { availability, objective, shippedCatalog } from './objectives.ts'
import { insertSpans, openDatabase } from './span-rows.ts'

const signal = AbortSignal.timeout(60_000)
const MINUTE_MS = 60_000
/** A whole minute of yesterday. */
const BASE = Math.floor(Date.now() / MINUTE_MS) - 24 * 60
const at = (minute: number): string => ((BASE + minute) * 60).toFixed(3)
let clickhouse: ClickHouse
let store: SpanStore

beforeAll(async () => {
  clickhouse = await openDatabase(inject('clickhouseUrl'), 'slo_sources')
  store = new SpanStore({ clickhouse, timeoutMs: 20_000 })
})

afterAll(() => clickhouse.close())

const count = (indicators: readonly Indicator[], minutes = 10): Promise<CountResult> =>
  store.countBuckets({ indicators, bucketMs: MINUTE_MS, range: { from: BASE, to: BASE + minutes }, watermarkMs: (BASE + minutes) * MINUTE_MS, signal })
const counted = async (indicator: Indicator, minutes?: number): Promise<unknown> =>
  (await count([indicator], minutes)).series[0]!.map(({ bucket, good, total }: BucketCounts) => [bucket - BASE, good, total])

async function insert(table: string, rows: readonly object[]): Promise<void> {
  const body = new TextEncoder().encode(rows.map((row) => JSON.stringify(row)).join('\n'))
  await clickhouse.insertBlock({ table, columns: Object.keys(rows[0]!), format: 'JSONEachRow', body, deduplicationToken: `${table} ${JSON.stringify(rows[0])}` })
}

test('units of work count by their outcome and duration, weighted', async () => {
  const row = (minute: number, outcome: string, ms: string, SampleRate = 1): object => ({ Timestamp: at(minute), ServiceName: 'mailer', EventName: 'mail.send', LogAttributes: { 'work.outcome': outcome, 'work.duration_ms': ms }, SampleRate })
  await insert(tableNames.logs, [row(0, 'ok', '12.5', 10), row(0, 'error', '3'), row(0, 'rejected', '250.01'), row(1, 'ok', 'soon'), { ...row(1, 'ok', '1'), EventName: '' }])
  const sent: RowIndicator = { template: 'work', total: { service: 'mailer', operation: 'mail.send', conditions: {} }, counts: 'bad', conditions: { status: 'error' } }
  expect(await counted(sent)).toEqual([[0, 11, 12], [1, 1, 1]])
  expect(await counted({ ...sent, counts: 'good', conditions: { statusNot: 'error', maxDurationNs: 250_000_000 } })).toEqual([[0, 10, 12], [1, 1, 1]])
})

test('groups are counted apart: by tenant, by route', async () => {
  const row = (TenantId: string, route: string, StatusCode: string): object => ({ Timestamp: at(0), ServiceName: 'grouped', SpanKind: 'Server', SpanName: route, TenantId, StatusCode, SpanAttributes: { 'http.route': route } })
  await insert(tableNames.traces, [row('acme', '/pay', 'Error'), row('acme', '/cart', 'Ok'), row('zebra', '/pay', 'Ok')])
  const groups = async (groupBy: NonNullable<RowIndicator['groupBy']>): Promise<unknown> =>
    (await count([{ ...availability('grouped'), groupBy }])).series[0]!.map(({ group, good, total }) => [group, good, total]).toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1))
  expect(await groups('tenant')).toEqual([['acme', 1, 2], ['zebra', 1, 1]])
  expect(await groups({ attribute: 'http.route' })).toEqual([['/cart', 1, 1], ['/pay', 1, 2]])
})

test('groups that rows have are found, the busiest first, and the objective of each counts its own rows', async () => {
  const row = (TenantId: string, route: string, StatusCode = 'Ok'): object => ({ Timestamp: at(0), ServiceName: 'found', SpanKind: 'Server', SpanName: 'GET', TenantId, StatusCode, SpanAttributes: route === '' ? {} : { 'http.route': route } })
  await insert(tableNames.traces, [row('acme', '/pay', 'Error'), row('acme', '/pay'), row('zebra', '/pay/:id'), row('acme', '')])
  const finder = new GroupFinder(clickhouse, 20_000)
  const find = (by: GroupBy, limit = 10): Promise<readonly string[]> => finder.find(availability('found'), by, { fromMs: BASE * MINUTE_MS, toMs: (BASE + 1) * MINUTE_MS }, limit)
  expect([await find('tenant'), await find({ attribute: 'http.route' }), await find('operation'), await find('tenant', 1)]).toEqual([['acme', 'zebra'], ['/pay', '/pay/:id'], ['GET'], ['acme']])
  const whole = { ...objective({ service: 'found' }), indicator: availability('found'), grouping: { by: { attribute: 'http.route' }, max: 2 } }
  expect(await counted(groupObjective(whole, '/pay').indicator)).toEqual([[0, 1, 2]])
  expect(await counted(groupObjective(whole, '/pay/:id').indicator)).toEqual([[0, 1, 1]])
})

test('groups that were measured are known again, newest first, as long as they had events', async () => {
  const whole = { ...objective({ service: 'recalled' }), indicator: availability('recalled'), grouping: { by: 'tenant', max: 10 } } as const
  const rollUp = new RollUpStore(clickhouse, { bucketMs: MINUTE_MS, timeoutMs: 20_000 })
  const [now, hour] = [Math.floor(Date.now() / 3_600_000) * 60, 60]
  const signal = AbortSignal.timeout(30_000)
  const values = ['acme', 'a "quoted", {name}', 'silent', 'old']
  const series = values.map((value) => seriesOf(groupObjective(whole, value).indicator, whole.budgeting, whole.noTraffic, MINUTE_MS))
  const stranger = seriesOf(groupObjective({ ...whole, indicator: availability('stranger') }, 'acme').indicator, whole.budgeting, whole.noTraffic, MINUTE_MS)
  const all = [...series, seriesOf(whole.indicator, whole.budgeting, whole.noTraffic, MINUTE_MS), stranger]
  await rollUp.saveMarks(all.map(({ id, definition }) => ({ series: id, definition, measured: { from: 0, to: now } })), signal)
  const kept = (at: number, index: number, total = 1): RollUpRow => ({ series: all[index]!.id, bucket: at, sums: { good: total, total, rows: total, badRows: 0 }, final: true })
  const rows = [kept(now - 30 * hour, 0), kept(now - 5 * hour, 0), kept(now - 50 * hour, 1), kept(now - 3 * hour, 2, 0), kept(now - 100 * hour, 3), kept(now - 2 * hour, 4), kept(now - 2 * hour, 5)]
  await rollUp.write(rows, signal)
  await rollUp.rollHours({ from: now - 100 * hour, to: now }, all.map(({ id }) => id), signal)
  const finder = new GroupFinder(clickhouse, 20_000)
  const recall = (limit: number): Promise<readonly unknown[]> => finder.recall(groupPattern(whole, MINUTE_MS), (now - 72 * hour) * MINUTE_MS, limit)
  expect(await recall(10)).toEqual([{ value: 'acme', lastMs: (now - 5 * hour) * MINUTE_MS }, { value: 'a "quoted", {name}', lastMs: (now - 50 * hour) * MINUTE_MS }])
  expect(await recall(1)).toHaveLength(1)
})

test('attributes and tenants narrow what is counted', async () => {
  const row = (TenantId: string, region: string): object => ({ Timestamp: at(0), ServiceName: 'narrow', SpanKind: 'Server', SpanName: 'GET /', TenantId, SpanAttributes: { region } })
  await insert(tableNames.traces, [row('acme', 'eu'), row('acme', 'us'), row('zebra', 'eu')])
  const { total } = availability('narrow')
  expect(await counted({ ...availability('narrow'), total: { ...total, tenant: 'acme' } })).toEqual([[0, 2, 2]])
  expect(await counted({ ...availability('narrow'), total: { ...total, conditions: { attributes: { region: 'eu' } } } })).toEqual([[0, 2, 2]])
})

test('completeness: what arrived of what was sent, never more', async () => {
  await insertSpans(clickhouse, [
    ...[0, 0, 0, 1].map((minute) => ({ atMs: (BASE + minute) * MINUTE_MS, service: 'sender', operation: 'send', kind: 'Producer' })),
    ...[0, 0, 1, 1, 2].map((minute) => ({ atMs: (BASE + minute) * MINUTE_MS, service: 'receiver', operation: 'receive', kind: 'Consumer' })),
  ])
  const indicator: Indicator = {
    template: 'completeness',
    rows: 'spans',
    expected: { service: 'sender', operation: 'send', kind: 'Producer', conditions: {} },
    arrived: { service: 'receiver', operation: 'receive', kind: 'Consumer', conditions: {} },
  }
  expect(await counted(indicator)).toEqual([[0, 2, 3], [1, 1, 1]])
})

test('freshness: a minute is good while its newest row is young enough', async () => {
  await insertSpans(clickhouse, [{ atMs: BASE * MINUTE_MS - 30_000, service: 'fresh' }, { atMs: (BASE + 4) * MINUTE_MS, service: 'fresh' }])
  expect(await counted({ template: 'freshness', rows: 'spans', scope: { service: 'fresh', kind: 'Server', conditions: {} }, maxAgeMs: 120_000 }, 8)).toEqual(
    [[0, 1, 1], [1, 0, 1], [2, 0, 1], [3, 0, 1], [4, 1, 1], [5, 1, 1], [6, 0, 1], [7, 0, 1]],
  )
})

test('caches: hits of all answers, and fresh ones of the hits, from the growth of their counters', async () => {
  const point = (minute: number, tier: string, result: string, Value: number): object => ({
    TimeUnix: at(minute), StartTimeUnix: at(-2), ServiceName: 'shop', MetricName: 'cache.gets', AggregationTemporality: 2, IsMonotonic: true, Value,
    Attributes: { 'cache.namespace': 'shop', 'cache.name': 'product', 'cache.tier': tier, 'cache.result': result },
    ResourceAttributes: { 'service.instance.id': 'one' },
  })
  await insert(tableNames.metricsSum, [-1, 0, 1].flatMap((minute) => [point(minute, 'local', 'fresh', 100 + 80 * (minute + 1)), point(minute, 'redis', 'stale', 50 + 10 * (minute + 1)), point(minute, 'none', 'miss', 20 + 10 * (minute + 1))]))
  const cache = { template: 'cache', namespace: 'shop', cache: 'product' } as const
  expect(await counted({ ...cache, good: 'hit' })).toEqual([[0, 90, 100], [1, 90, 100]])
  expect(await counted({ ...cache, good: 'fresh' })).toEqual([[0, 80, 90], [1, 80, 90]])
  expect(await counted({ ...cache, good: 'hit', cache: 'other' })).toEqual([])
})

describe('a histogram', () => {
  const latency = { template: 'histogram', service: 'histogram', metric: 'http.server.request.duration', max: 250, estimate: false } as const
  const point = (minute: number, BucketCounts: readonly number[], facts: object = {}): object => ({
    TimeUnix: at(minute), StartTimeUnix: at(-20), ServiceName: 'histogram', MetricName: 'http.server.request.duration', AggregationTemporality: 1, ExplicitBounds: [100, 250, 500, 1000], BucketCounts, Count: BucketCounts.reduce((sum, count) => sum + count, 0), Attributes: { route: '/' }, ...facts,
  })

  test('vector 39: good is the count at the bound; between two bounds it is refused, or estimated', async () => {
    await insert(tableNames.metricsHistogram, [point(0, [800, 150, 40, 8, 2])])
    expect(await counted(latency)).toEqual([[0, 950, 1000]])
    expect((await count([{ ...latency, max: 300 }, availability('histogram')])).failures).toEqual([expect.stringMatching(/300 is no bound of the histogram http\.server\.request\.duration[^]*100, 250, 500, 1000/)])
    expect(await counted({ ...latency, max: 300, estimate: true })).toEqual([[0, 958, 1000]])
    expect(await counted({ ...latency, max: 5000, estimate: true })).toEqual([[0, 998, 1000]])
    expect(await counted({ ...latency, attributes: { route: '/other' } })).toEqual([])
  })

  test('that is cumulative counts its growth, from zero where it began, one series for each process', async () => {
    const facts = (process: string, start = -20): object => ({ AggregationTemporality: 2, StartTimeUnix: at(start), MetricName: 'grown', ResourceAttributes: { process } })
    await insert(tableNames.metricsHistogram, [
      point(-1, [100, 100, 0, 0, 0], facts('a')), point(0, [104, 101, 0, 2, 0], facts('a')), point(1, [104, 104, 0, 2, 1], facts('a')),
      point(1, [3, 0, 0, 0, 1], facts('b', 1)),
    ])
    expect(await counted({ ...latency, metric: 'grown' })).toEqual([[0, 5, 7], [1, 6, 8]])
  })
})

test('the objective of notifications counts deliveries to people, those in time as good, across restarts of the engine', async () => {
  const text = readFileSync(new URL('../../../infra/slo/notifications.yaml', import.meta.url), 'utf8')
  const [notifications] = readObjectiveSet([{ file: 'notifications.yaml', text }], shippedCatalog).objectives
  const point = (minute: number, Value: number, inTime: string, target = 'oncall', start = -20): object => ({
    TimeUnix: at(minute), StartTimeUnix: at(start), ServiceName: 'slo', MetricName: 'ballast_slo_deliveries', AggregationTemporality: 2, IsMonotonic: true, Value,
    Attributes: { target, in_time: inTime },
    ResourceAttributes: { 'host.name': 'a', 'process.pid': '7' },
  })
  await insert(tableNames.metricsSum, [point(-1, 10, 'true'), point(0, 14, 'true'), point(0, 1, 'false', 'oncall', 0), point(1, 3, 'true', 'oncall', 1), point(1, 90, 'true', 'history', 1)])
  expect(await counted(notifications!.indicator)).toEqual([[0, 4, 5], [1, 3, 3]])
})

describe('a query of one\'s own', () => {
  const TIMES = 'Timestamp >= {from:DateTime64(3)} AND Timestamp < {to:DateTime64(3)}'
  const sql = (query: string, more: object = {}): Indicator => ({ template: 'sql', query, parameters: {}, ...more })

  test('counts, with its own values bound', async () => {
    const hostile = `x' OR 1=1 --`
    await insertSpans(clickhouse, [{ atMs: BASE * MINUTE_MS, service: hostile }, { atMs: BASE * MINUTE_MS + 1, service: hostile, status: 'Error' }, { atMs: (BASE + 1) * MINUTE_MS, service: hostile }])
    const query = `SELECT toStartOfMinute(Timestamp) AS bucket, countIf(StatusCode != 'Error') AS good, count() AS total FROM otel_traces WHERE ServiceName = {service:String} AND ${TIMES} GROUP BY bucket`
    expect(await counted(sql(query, { parameters: { service: hostile } }))).toEqual([[0, 1, 2], [1, 1, 1]])
  })

  test('gives values that an objective compares, or ratios', async () => {
    const values = `SELECT toStartOfInterval(toDateTime({from:DateTime64(3)}), toIntervalSecond({bucketSeconds:UInt32})) + number * {bucketSeconds:UInt32} AS bucket, number / 4 AS value FROM numbers(3) WHERE {to:DateTime64(3)} > {from:DateTime64(3)}`
    expect(await counted(sql(values, { form: { kind: 'threshold', threshold: { op: 'lte', value: 0.25 } } }))).toEqual([[0, 1, 1], [1, 1, 1], [2, 0, 1]])
    expect(await counted(sql(values, { form: { kind: 'ratio', type: 'failure' } }))).toEqual([[0, 1_000_000, 1_000_000], [1, 750_000, 1_000_000], [2, 500_000, 1_000_000]])
  })

  test.each([
    ['more good than all', `SELECT toDateTime({from:DateTime64(3)}) AS bucket, 2 AS good, 1 AS total`, /2 good of 1 events/],
    ['a bucket outside of the range', `SELECT toDateTime('2020-01-01 00:00:00') AS bucket, 1 AS good, 1 AS total`, /not a time within the range/],
    ['a table function that reaches out', `SELECT toDateTime({from:DateTime64(3)}) AS bucket, count() AS good, count() AS total FROM url('http://127.0.0.1:1/', 'CSV', 'a String')`, /readonly|Cannot execute/i],
    ['an answer that is too large', `SELECT toDateTime({from:DateTime64(3)}) AS bucket, number AS good, number AS total FROM numbers(200000)`, /max_result_rows|Limit for result/i],
  ])('with %s is refused', async (_, query, message) => {
    const { series, failures } = await count([sql(query)])
    expect([series, failures]).toEqual([[undefined], [expect.stringMatching(message)]])
  })

  test('that fails takes no other source with it', async () => {
    await insertSpans(clickhouse, [{ atMs: BASE * MINUTE_MS, service: 'beside' }])
    const { series, failures } = await count([sql('SELECT nothing FROM nowhere'), availability('beside')])
    expect([series[0], series[1]!.length, failures!.length]).toEqual([undefined, 1, 1])
    expect(failures![0]).toContain('nowhere')
  })
})

test('one query counts all indicators on a table, however many there are', async () => {
  const queries: string[] = []
  const watching: ClickHouse = { ...clickhouse, query: (statement) => (queries.push(statement.query), clickhouse.query(statement)) }
  const indicators = Array.from({ length: 500 }, (_, index): Indicator => ({ ...availability('beside'), total: { service: 'beside', operation: `op-${index}`, kind: 'Server', conditions: {} } }))
  const { series } = await new SpanStore({ clickhouse: watching, timeoutMs: 20_000 }).countBuckets({ indicators, bucketMs: MINUTE_MS, range: { from: BASE, to: BASE + 1 }, watermarkMs: (BASE + 1) * MINUTE_MS, signal })
  expect([queries.length, series.length]).toEqual([1, 500])
  expect(queries[0]).not.toContain('op-')
})
