import { Readable } from 'node:stream'
import { type ClickHouseClient, ClickHouseError, ClickHouseLogLevel, createClient } from '@clickhouse/client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually, ServerProcess } from './server-process.ts'

let server: ServerProcess
let client: ClickHouseClient
// The failures that tests provoke are asserted, not logged.
const log = { level: ClickHouseLogLevel.OFF }

beforeAll(async () => {
  server = await ServerProcess.start()
  client = createClient({ log, url: server.url })
  await client.command({ query: 'CREATE TABLE events (id UInt64, name String, at DateTime64(3) DEFAULT now64(3)) ENGINE = MergeTree ORDER BY id' })
})
afterAll(async () => {
  await client.close()
  await server.remove()
})

const rowsOf = async (query: string, params: Record<string, unknown> = {}): Promise<unknown[]> =>
  (await client.query({ query, query_params: params, format: 'JSONEachRow' })).json()

describe('the official client, unchanged', () => {
  test('pings the server', async () => {
    expect(await client.ping()).toEqual({ success: true })
    expect(await client.ping({ select: true })).toEqual({ success: true })
  })

  test('reads JSON with its metadata and row count', async () => {
    const result = await client.query({ query: 'SELECT number AS n, toString(number) AS s FROM numbers(3)', format: 'JSON' })
    const json = await result.json<{ n: string; s: string }>()
    expect(json.meta).toEqual([{ name: 'n', type: 'UInt64' }, { name: 's', type: 'String' }])
    expect(json.data).toHaveLength(3)
    expect(json.rows).toBe(3)
  })

  test('binds query parameters in the engine, whatever they contain', async () => {
    const text = `it's a "test" \\ with\ttab,\nnewline, ünïcode and '); DROP TABLE events; --`
    expect(await rowsOf('SELECT {t: String} AS t, {n: UInt64} AS n, {a: Array(String)} AS a, {x: Nullable(String)} AS x', { t: text, n: 7, a: ["o'b", 'c'], x: null })).toEqual([
      { t: text, n: 7, a: ["o'b", 'c'], x: null },
    ])
    expect(await rowsOf('SELECT count() AS n FROM {table: Identifier}', { table: 'events' })).toHaveLength(1)
  })

  test('keeps parameters of simultaneous queries apart', async () => {
    const answers = await Promise.all(Array.from({ length: 24 }, (_, i) => rowsOf('SELECT {i: UInt32} AS i, sleep(0.01) AS z', { i })))
    expect(answers.map((rows) => (rows[0] as { i: number }).i)).toEqual(Array.from({ length: 24 }, (_, i) => i))
  })

  test('sends parameters that are too long for a URL as a form', async () => {
    const long = 'x'.repeat(100_000)
    const result = await client.query({ query: 'SELECT length({t: String}) AS n', query_params: { t: long }, format: 'JSONEachRow', use_multipart_params_auto: true })
    expect(await result.json()).toEqual([{ n: 100_000 }])
  })

  test('inserts an array of objects and reports what was written', async () => {
    const result = await client.insert({ table: 'events', values: [{ id: 1, name: 'a' }, { id: 2, name: 'b' }], format: 'JSONEachRow' })
    expect(result.executed).toBe(true)
    expect(result.summary?.written_rows).toBe('2')
    expect(await rowsOf('SELECT name FROM events WHERE id IN (1, 2) ORDER BY id')).toEqual([{ name: 'a' }, { name: 'b' }])
  })

  test('inserts a stream of rows, and a subset of columns', async () => {
    async function* rows(): AsyncGenerator<{ id: number; name: string }> {
      for (let id = 100; id < 20_100; id++) yield { id, name: `stream ${id}` }
    }
    await client.insert({ table: 'events', values: Readable.from(rows(), { objectMode: true }), format: 'JSONEachRow', columns: ['id', 'name'] })
    expect(await rowsOf("SELECT count() AS n, uniqExact(id) AS u, min(at) > '2020-01-01' AS d FROM events WHERE name LIKE 'stream%'")).toEqual([{ n: 20_000, u: 20_000, d: 1 }])
  })

  test('executes an insert of a Native stream', async () => {
    const native = await client.exec({ query: "SELECT number + 1000000 AS id, 'native' AS name FROM numbers(50000) FORMAT Native" })
    const result = await client.exec({ query: 'INSERT INTO events (id, name) FORMAT Native', values: native.stream })
    expect(result.summary?.written_rows).toBe('50000')
    expect(await rowsOf("SELECT count() AS n, sum(id) AS s FROM events WHERE name = 'native'")).toEqual([{ n: 50_000, s: 51_249_975_000 }])
  })

  test('streams a million rows', async () => {
    const result = await client.query({ query: 'SELECT number AS n FROM numbers(1000000)', format: 'JSONEachRow' })
    let rows = 0
    let last = ''
    for await (const batch of result.stream<{ n: string }>()) {
      rows += batch.length
      last = batch.at(-1)?.text ?? last
    }
    expect(rows).toBe(1_000_000)
    expect(last).toBe('{"n":999999}')
  })

  test('stops a query in the engine when its stream is closed early', async () => {
    const result = await client.query({ query: 'SELECT number AS n FROM numbers(100000000000)', format: 'JSONEachRow' })
    for await (const batch of result.stream()) {
      expect(batch.length).toBeGreaterThan(0)
      break
    }
    result.close()
    await eventually(async () => (await server.sql("SELECT count() FROM system.processes WHERE query LIKE '%100000000000%' AND query NOT LIKE '%processes%'")) === '0')
  })

  test('stops a query that has no rows yet when it is aborted', async () => {
    const abort = new AbortController()
    const query = client.query({ query: 'SELECT count() FROM numbers(200000000000) WHERE number % 7 = 3', abort_signal: abort.signal, format: 'JSONEachRow' })
    const running = async (): Promise<string> => server.sql("SELECT count() FROM system.processes WHERE query LIKE '%200000000000%' AND query NOT LIKE '%processes%'")
    await eventually(async () => (await running()) === '1')
    abort.abort()
    await expect(query).rejects.toThrow('abort')
    await eventually(async () => (await running()) === '0')
  })

  test.each([
    ['SELECT * FROM nowhere', '60', 'UNKNOWN_TABLE'],
    ['SELECT FROM WHERE', '62', 'SYNTAX_ERROR'],
    ['SELECT nosuch(1)', '46', 'UNKNOWN_FUNCTION'],
    ['SELECT toUInt8(1) + nocolumn', '47', 'UNKNOWN_IDENTIFIER'],
    ['CREATE TABLE events (a UInt8) ENGINE = Memory', '57', 'TABLE_ALREADY_EXISTS'],
    ['SELECT 1; SELECT 2', '62', 'SYNTAX_ERROR'],
  ])('gives ClickHouse’s code for %s', async (query, code, type) => {
    const failure = await client.exec({ query }).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(ClickHouseError)
    expect(failure).toMatchObject({ code, type })
  })

  test('rejects a row that does not parse, and inserts nothing of it', async () => {
    const good = Array.from({ length: 1000 }, (_, i) => `{"id":${i + 5_000_000},"name":"bad batch"}`).join('\n')
    const failure = await client
      .exec({ query: 'INSERT INTO events FORMAT JSONEachRow', values: Readable.from([`${good}\n{"id":"not a number"}\n`], { objectMode: false }) })
      .catch((error: unknown) => error)
    expect(failure).toMatchObject({ type: 'CANNOT_PARSE_INPUT_ASSERTION_FAILED' })
    expect((failure as Error).message).not.toContain(server.dataDir)
    expect(await rowsOf("SELECT count() AS n FROM events WHERE name = 'bad batch'")).toEqual([{ n: 0 }])
  })

  test('notices an exception after the first rows', async () => {
    const result = await client.query({ query: "SELECT number, throwIf(number = 3000000, 'late') FROM numbers(10000000)", format: 'JSONEachRow' })
    const read = async (): Promise<number> => {
      let rows = 0
      for await (const batch of result.stream()) rows += batch.length
      return rows
    }
    await expect(read()).rejects.toMatchObject({ code: '395', message: expect.stringContaining('late') as string })
  })

  test('compresses both ways', async () => {
    const zipped = createClient({ log, url: server.url, compression: { request: true, response: true } })
    const name = 'zip'.repeat(1000)
    await zipped.insert({ table: 'events', values: [{ id: 77_000_000, name }], format: 'JSONEachRow' })
    const result = await zipped.query({ query: 'SELECT name FROM events WHERE id = 77000000', format: 'JSONEachRow' })
    expect(result.response_headers['content-encoding']).toBe('gzip')
    expect(await result.json()).toEqual([{ name }])
    const many = await zipped.query({ query: 'SELECT number FROM numbers(1000000)', format: 'JSONEachRow' })
    expect(await many.json()).toHaveLength(1_000_000)
    await zipped.close()
  })

  test('applies settings to one query alone', async () => {
    const limited = client.query({ query: 'SELECT number FROM numbers(10)', clickhouse_settings: { max_result_rows: '5', result_overflow_mode: 'throw' }, format: 'JSONEachRow' })
    await expect(limited.then((result) => result.json())).rejects.toMatchObject({ type: 'TOO_MANY_ROWS_OR_BYTES' })
    expect(await rowsOf('SELECT number FROM numbers(10)')).toHaveLength(10)
    const unknown = client.command({ query: 'SELECT 1', clickhouse_settings: { no_such_setting: 1 } as Record<string, number> })
    await expect(unknown).rejects.toMatchObject({ code: '115', type: 'UNKNOWN_SETTING' })
  })

  test('uses the database of the client', async () => {
    await client.command({ query: 'CREATE DATABASE other' })
    const other = createClient({ log, url: server.url, database: 'other' })
    await other.command({ query: 'CREATE TABLE here (a UInt8) ENGINE = Memory' })
    expect(await rowsOf("SELECT database FROM system.tables WHERE name = 'here'")).toEqual([{ database: 'other' }])
    await other.close()
    const none = createClient({ log, url: server.url, database: 'none' })
    await expect(none.command({ query: 'SELECT 1' })).rejects.toMatchObject({ type: 'UNKNOWN_DATABASE' })
    await none.close()
  })

  test('keeps a query id that it was given', async () => {
    const result = await client.query({ query: 'SELECT 1', query_id: 'my-query-1', format: 'JSONEachRow' })
    expect(result.query_id).toBe('my-query-1')
    await result.text()
  })
})
