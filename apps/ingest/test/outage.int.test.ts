import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrate, readNativeRows } from '@ballast/clickhouse'
import { afterEach, expect, inject, test } from 'vitest'
import { type ClickHouseProxy, clickHouseProxy } from './clickhouse-proxy.ts'
import { span, traces } from './otlp-server.ts'
import { runIngest, type RunningIngest, type RunningIngestOptions } from './running-ingest.ts'

const started: (() => Promise<void>)[] = []
let databases = 0

async function start(options: Partial<RunningIngestOptions> = {}): Promise<RunningIngest> {
  const ingest = await runIngest({ clickhouseUrl: inject('clickhouseUrl'), database: `ingest_outage_${process.pid}_${++databases}`, ...options })
  started.push(() => ingest.clean())
  return ingest
}

async function proxied(env: Record<string, string> = {}, away = false): Promise<{ ingest: RunningIngest; proxy: ClickHouseProxy }> {
  const proxy = await clickHouseProxy(inject('clickhouseUrl'))
  proxy.away = away
  started.push(() => proxy.close())
  return { proxy, ingest: await start({ seenUrl: proxy.url, env }) }
}

afterEach(async () => {
  for (const stop of started.splice(0).toReversed()) await stop()
})

const fresh = (name: string, index = 0): object => span(name, { spanId: String(index + 1).padStart(16, '0'), startTimeUnixNano: `${Date.now()}000000`, endTimeUnixNano: `${Date.now()}000009` })
const names = async (ingest: RunningIngest): Promise<unknown[]> => (await ingest.rows('SELECT SpanName FROM otel_traces ORDER BY SpanName')).map((row) => row['SpanName'])
const total = async (ingest: RunningIngest, name: string): Promise<number> =>
  (await ingest.metrics.text()).split('\n').filter((line) => line.startsWith(`ballast_ingest_records_${name}_total{`)).reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)

test('without ClickHouse ingest starts, is ready, says why nothing is stored, and stores what it accepted once ClickHouse is there', async () => {
  const { ingest, proxy } = await proxied({}, true)
  await expect.poll(async () => (await ingest.ready()).checks['clickhouse']?.message).toMatch(/^ClickHouse does not answer: /)
  expect(await ingest.ready()).toMatchObject({ status: 'ready', checks: { journal: { ok: true } } })
  expect((await ingest.post('/v1/traces', traces(fresh('early')))).status).toBe(200)
  proxy.away = false
  await ingest.untilReady()
  expect((await ingest.post('/v1/traces', traces(fresh('late')))).status).toBe(200)
  expect(await names(ingest)).toEqual(['early', 'late'])
})

test('when ClickHouse goes away later, what is acknowledged is stored after its return, and nothing is counted wrong', async () => {
  const { ingest, proxy } = await proxied({ INGEST_INSERT_TIMEOUT: '1500ms' })
  await ingest.untilReady()
  expect((await ingest.post('/v1/traces', traces(fresh('a')))).status).toBe(200)
  await ingest.settled()
  proxy.away = true
  expect((await ingest.post('/v1/traces', traces(fresh('b')))).status).toBe(200)
  await expect.poll(async () => (await ingest.ready()).checks['clickhouse']?.message, { timeout: 10_000 }).toContain('ClickHouse does not answer')
  proxy.away = false
  expect(await names(ingest)).toEqual(['a', 'b'])
  const [received, stored, rejected, refused] = await Promise.all(['received', 'stored', 'rejected', 'refused'].map((name) => total(ingest, name)))
  expect({ received, stored, rejected, refused }).toEqual({ received: 2, stored: 2, rejected: 0, refused: 0 })
})

test('what is accepted while ClickHouse is away outlives the process, and is stored by the next one', async () => {
  const journalDir = mkdtempSync(join(tmpdir(), 'ballast-journal-'))
  const database = `ingest_outage_${process.pid}_kept`
  const proxy = await clickHouseProxy(inject('clickhouseUrl'))
  proxy.away = true
  started.push(() => proxy.close())
  const before = await runIngest({ clickhouseUrl: inject('clickhouseUrl'), seenUrl: proxy.url, database, journalDir })
  expect((await before.post('/v1/traces', traces(fresh('kept'), fresh('too')))).status).toBe(200)
  expect(await before.lifecycle.shutdown()).toBe(true)
  await before.metrics.shutdown()
  await before.clickhouse.close()
  const after = await start({ database, journalDir })
  await after.untilReady()
  expect(await names(after)).toEqual(['kept', 'too'])
  expect(await total(after, 'replayed')).toBe(2)
})

test('what was stored and not released before a kill is sent again, and counts once, behind views as well', async () => {
  const [journalDir, before] = [mkdtempSync(join(tmpdir(), 'ballast-journal-')), mkdtempSync(join(tmpdir(), 'ballast-journal-'))]
  const database = `ingest_outage_${process.pid}_unreleased`
  const proxy = await clickHouseProxy(inject('clickhouseUrl'))
  started.push(() => proxy.close())
  const first = await runIngest({ clickhouseUrl: inject('clickhouseUrl'), seenUrl: proxy.url, database, journalDir })
  await first.untilReady()
  proxy.away = true
  for (const name of ['a', 'b', 'c']) expect((await first.post('/v1/traces', traces(fresh(name)))).status).toBe(200)
  // What a kill between an insert and the removal of its segment leaves.
  cpSync(journalDir, before, { recursive: true })
  rmSync(join(before, 'lock'))
  proxy.away = false
  expect(await names(first)).toEqual(['a', 'b', 'c'])
  expect(await first.lifecycle.shutdown()).toBe(true)
  await first.metrics.shutdown()
  await first.clickhouse.close()
  rmSync(journalDir, { recursive: true })
  const second = await start({ database, journalDir: before })
  await second.untilReady()
  expect(await names(second)).toEqual(['a', 'b', 'c'])
  expect(await total(second, 'replayed')).toBe(3)
  expect(await second.rows('SELECT sum(Spans) AS n FROM ballast_red_hour')).toEqual([{ n: '3' }])
})

test('an insert whose answer is lost is repeated, and counts once, behind the view as well', async () => {
  const { ingest, proxy } = await proxied()
  await ingest.untilReady()
  proxy.loseNextAnswer = true
  expect((await ingest.post('/v1/traces', traces(fresh('once'), fresh('twice')))).status).toBe(200)
  expect(await names(ingest)).toEqual(['once', 'twice'])
  expect(proxy.lost()).toBe(1)
  const database = ingest.clickhouse.database
  expect(
    await ingest.rows(`SELECT sum(max_block_number - min_block_number + 1) AS blocks FROM system.parts WHERE database = '${database}' AND table = 'otel_traces_trace_id_ts' AND active`),
  ).toEqual([{ blocks: '1' }])
})

test('many requests at once become few inserts, and every one of them is there', async () => {
  const ingest = await start({ env: { INGEST_BATCH_MAX_AGE: '100ms' } })
  await ingest.untilReady()
  const answers = await Promise.all(Array.from({ length: 60 }, (_, index) => ingest.post('/v1/traces', traces(fresh(`n${index}`), fresh(`m${index}`)))))
  expect(answers.filter((answer) => answer.status !== 200)).toEqual([])
  expect(await ingest.rows('SELECT count() AS n, uniqExact(SpanName) AS names FROM otel_traces')).toEqual([{ n: '120', names: '120' }])
  expect(Number((await ingest.rows(`SELECT count() AS n FROM system.parts WHERE database = '${ingest.clickhouse.database}' AND table = 'otel_traces'`))[0]!['n'])).toBeLessThan(20)
})

test('a stop answers everybody, and stores what was accepted', async () => {
  const ingest = await start({ env: { INGEST_BATCH_MAX_AGE: '10s' } })
  await ingest.untilReady()
  const waiting = Array.from({ length: 5 }, (_, index) => ingest.post('/v1/traces', traces(fresh(`w${index}`))))
  await expect.poll(() => total(ingest, 'received')).toBe(5)
  expect(await ingest.lifecycle.shutdown()).toBe(true)
  expect((await Promise.all(waiting)).map((answer) => answer.status)).toEqual([200, 200, 200, 200, 200])
  expect(await names(ingest)).toEqual(['w0', 'w1', 'w2', 'w3', 'w4'])
})

test('rows that ClickHouse refuses for good lie in the quarantine, and those beside them are stored once, behind views as well', async () => {
  const ingest = await start({ env: { INGEST_BATCH_MAX_AGE: '10s', INGEST_BATCH_MAX_ROWS: '42' } })
  await ingest.untilReady()
  await ingest.clickhouse.command({ query: `ALTER TABLE otel_traces ADD CONSTRAINT no_poison CHECK NOT startsWith(SpanName, 'poison')` })
  const many = (...spans: string[]): string => traces(...spans.map((name, index) => fresh(name, index)))
  const bodies = [many('a', 'b', 'poison 1', 'c', 'd'), many(...Array.from({ length: 30 }, (_, index) => `n${index}`)), many('poison 2', 'e', 'f', 'g', 'h', 'i', 'poison 3')]
  const answers = await Promise.all(bodies.map((body) => ingest.post('/v1/traces', body)))
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
  expect(await ingest.rows('SELECT count() AS n, uniqExact(SpanName) AS names, countIf(startsWith(SpanName, \'poison\')) AS bad FROM otel_traces')).toEqual([{ n: '39', names: '39', bad: '0' }])
  expect(await ingest.rows('SELECT sum(Spans) AS n FROM ballast_red_minute')).toEqual([{ n: '39' }])
  const kept = await ingest.rows('SELECT Reason, Encoding, Detail, hex(Raw) AS raw FROM ballast_rejects ORDER BY Raw')
  const row = { Reason: 'bad_data', Encoding: 'Native', Detail: expect.stringMatching(/^1 row for otel_traces: .*no_poison/) as string, raw: expect.any(String) as string }
  expect(kept).toEqual([row, row, row])
  expect(kept.map(({ raw }) => String(readNativeRows(Buffer.from(String(raw), 'hex'))[0]!['SpanName'])).toSorted()).toEqual(['poison 1', 'poison 2', 'poison 3'])
  expect(await Promise.all(['received', 'stored', 'rejected'].map((name) => total(ingest, name)))).toEqual([42, 39, 3])
})

test('rows that a view refuses are stored once in the table and in every other view, and the refusal is counted', async () => {
  const ingest = await start({ env: { INGEST_BATCH_MAX_AGE: '10s', INGEST_BATCH_MAX_ROWS: '12' } })
  await ingest.untilReady()
  await ingest.clickhouse.command({ query: 'CREATE TABLE numbers (n UInt32) ENGINE = MergeTree ORDER BY n SETTINGS non_replicated_deduplication_window = 10000' })
  await ingest.clickhouse.command({ query: 'CREATE MATERIALIZED VIEW to_numbers TO numbers AS SELECT toUInt32(SpanName) AS n FROM otel_traces' })
  const bodies = [['1', '2', 'no number', '3'], ['4', '5', '6', '7'], ['none either', '8', '9', '10']].map((each) => traces(...each.map((name, index) => fresh(name, index))))
  expect((await Promise.all(bodies.map((body) => ingest.post('/v1/traces', body)))).map(({ status }) => status)).toEqual([200, 200, 200])
  expect(await ingest.rows('SELECT count() AS n, uniqExact(SpanName) AS names FROM otel_traces')).toEqual([{ n: '12', names: '12' }])
  expect(await ingest.rows('SELECT sum(Spans) AS n FROM ballast_red_minute')).toEqual([{ n: '12' }])
  expect(await ingest.rows('SELECT count() AS n FROM ballast_rejects')).toEqual([{ n: '0' }])
  expect(await Promise.all(['received', 'stored', 'rejected'].map((name) => total(ingest, name)))).toEqual([12, 12, 0])
  expect(await ingest.metrics.text()).toMatch(/^ballast_ingest_views_refused_total\{table="otel_traces"[^}]*\} 1$/m)
})

test('without keys ingest does not listen to other machines', async () => {
  await expect(start({ env: { INGEST_HOST: '0.0.0.0' } })).rejects.toThrow(/INGEST_API_KEYS_FILE/)
})

test('with migrations left to others ingest waits for the tables, says which are missing, and begins when they are there', async () => {
  const ingest = await start({ env: { INGEST_MIGRATE: 'false' } })
  await expect.poll(async () => (await ingest.ready()).checks['clickhouse']?.message).toMatch(/SCHEMA_MISSING|UNKNOWN_DATABASE|no table otel_traces/)
  await migrate({ client: ingest.clickhouse })
  await ingest.untilReady()
  expect((await ingest.post('/v1/traces', traces(fresh('a')))).status).toBe(200)
})

test('a sender that goes away in the middle of its body stores nothing, and ingest goes on', async () => {
  const ingest = await start()
  await ingest.untilReady()
  const socket = connect(Number(new URL(ingest.url).port), '127.0.0.1')
  socket.write('POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n{"resourceSpans"')
  await expect.poll(async () => /^ballast_ingest_queued_bytes\{[^}]*\} 100000$/m.test(await ingest.metrics.text())).toBe(true)
  socket.destroy()
  await expect.poll(async () => /^ballast_ingest_queued_bytes\{[^}]*\} 0$/m.test(await ingest.metrics.text())).toBe(true)
  expect((await ingest.post('/v1/traces', traces(fresh('next')))).status).toBe(200)
  expect(await names(ingest)).toEqual(['next'])
})
