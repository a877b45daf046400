import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ServerProcess } from './server-process.ts'

let server: ServerProcess

beforeAll(async () => {
  server = await ServerProcess.start()
})
afterAll(async () => {
  await server.remove()
})

/** One raw result, as bytes. */
async function bytesOf(query: string): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(server.url, { method: 'POST', body: query })
  expect(response.status).toBe(200)
  return new Uint8Array(await response.arrayBuffer())
}

async function insert(sql: string, body: string | Uint8Array<ArrayBuffer>, parameters = ''): Promise<{ status: number; text: string; writtenRows: number }> {
  const response = await fetch(`${server.url}/?query=${encodeURIComponent(sql)}&${parameters}`, { method: 'POST', body })
  const summary = JSON.parse(response.headers.get('x-clickhouse-summary') ?? '{}') as { written_rows: string }
  return { status: response.status, text: await response.text(), writtenRows: Number(summary.written_rows) }
}

const formats = [
  'Native', 'RowBinary', 'RowBinaryWithNames', 'RowBinaryWithNamesAndTypes', 'Parquet', 'ArrowStream', 'ORC', 'Avro', 'MsgPack', 'JSONEachRow',
  'JSONCompactEachRow', 'JSONColumns', 'CSV', 'CSVWithNames', 'TabSeparated', 'TabSeparatedWithNames', 'Values', 'TSKV',
] as const

describe('an insert', () => {
  test.each(formats)('in %s keeps the column list, defaults, materialized columns, and awkward text', async (format) => {
    const table = `f_${format}`
    await server.sql(`CREATE TABLE ${table} (unused String DEFAULT 'u', id UInt64, text String, plus UInt64 DEFAULT id + 1, twice UInt64 MATERIALIZED id * 2) ENGINE = MergeTree ORDER BY id`)
    const source = "SELECT toString(number) || '\\n;\\t''\\\\\"ü' AS text, number AS id FROM numbers(1000)"
    const body = await bytesOf(`${source} FORMAT ${format}`)
    expect(await insert(`INSERT INTO ${table} (text, id) FORMAT ${format}`, body)).toMatchObject({ status: 200, text: '', writtenRows: 1000 })
    expect(await server.sql(`SELECT count(), sum(id), sum(plus), sum(twice), uniqExact(unused), any(unused) FROM ${table}`)).toBe('1000\t499500\t500500\t999000\t1\tu')
    expect(await server.sql(`SELECT count() FROM ${table} INNER JOIN (${source}) AS s USING (id, text)`)).toBe('1000')
  })

  test('takes its rows from the body after the SQL, on the next line', async () => {
    await server.sql('CREATE TABLE inline (id UInt64, text String) ENGINE = MergeTree ORDER BY id')
    await server.sql('INSERT INTO inline FORMAT JSONEachRow\n{"id": 1, "text": "a;b"}\n{"id": 2, "text": "c"}\n')
    await server.sql("INSERT INTO inline (id, text) VALUES (3, 'd''e'), (2 + 2, upper('f'))")
    await server.sql('INSERT INTO inline /* FORMAT CSV */ (id, text) -- VALUES\nSETTINGS input_format_null_as_default = 1 FORMAT CSV\n5,"g\nh"\n')
    await server.sql('INSERT INTO TABLE inline SELECT 6, \'FORMAT JSONEachRow\'')
    expect(await server.sql('SELECT groupArray((id, text)) FROM (SELECT * FROM inline ORDER BY id)')).toBe(
      String.raw`[(1,'a;b'),(2,'c'),(3,'d\'e'),(4,'F'),(5,'g\nh'),(6,'FORMAT JSONEachRow')]`,
    )
  })

  test('selects from its rows through input()', async () => {
    await server.sql('CREATE TABLE derived (id UInt64, text String) ENGINE = MergeTree ORDER BY id')
    const body = await bytesOf("SELECT number AS a, 'n' AS b FROM numbers(1000) FORMAT RowBinary")
    const sql = "INSERT INTO derived (id, text) WITH 'x' AS x SELECT a * 2, b || x FROM input('a UInt64, b String') WHERE a < 10 FORMAT RowBinary"
    expect(await insert(sql, body)).toMatchObject({ status: 200, writtenRows: 10 })
    expect(await server.sql('SELECT sum(id), any(text) FROM derived')).toBe('90\tnx')
  })

  test('takes settings from its URL and from its SETTINGS clause', async () => {
    await server.sql('CREATE TABLE strict (id UInt64) ENGINE = MergeTree ORDER BY id')
    const body = '{"id": 1, "unknown": 2}'
    expect(await insert('INSERT INTO strict FORMAT JSONEachRow', body, 'input_format_skip_unknown_fields=0')).toMatchObject({ status: 400 })
    expect(await insert('INSERT INTO strict SETTINGS input_format_skip_unknown_fields = 0 FORMAT JSONEachRow', body)).toMatchObject({ status: 400 })
    expect(await insert('INSERT INTO strict FORMAT JSONEachRow', body, 'input_format_skip_unknown_fields=1')).toMatchObject({ status: 200 })
    expect(await server.sql('SELECT count() FROM strict')).toBe('1')
  })

  test('of a large body is one block, and so one part', async () => {
    await server.sql('CREATE TABLE wide (id UInt64, text String) ENGINE = MergeTree ORDER BY id')
    await server.sql('SYSTEM STOP MERGES wide')
    for (const format of ['JSONEachRow', 'Native', 'RowBinary']) {
      const body = await bytesOf(`SELECT number AS id, 'some text of row ' || toString(number) AS text FROM numbers(1200000) FORMAT ${format}`)
      expect(await insert(`INSERT INTO wide FORMAT ${format}`, body)).toMatchObject({ status: 200, writtenRows: 1_200_000 })
    }
    expect(await server.sql("SELECT count(), sum(rows) FROM system.parts WHERE table = 'wide' AND active")).toBe('3\t3600000')
  })

  test('of rows that take more than 256 MiB in memory is one block too', async () => {
    const columns = Array.from({ length: 8 }, (_, i) => `c${i} UInt256`).join(', ')
    await server.sql(`CREATE TABLE heavy (${columns}) ENGINE = MergeTree ORDER BY tuple()`)
    await server.sql('SYSTEM STOP MERGES heavy')
    const body = '1\t2\t3\t4\t5\t6\t7\t8\n'.repeat(1_200_000)
    expect(await insert('INSERT INTO heavy FORMAT TSV', body)).toMatchObject({ status: 200, writtenRows: 1_200_000 })
    expect(await server.sql("SELECT count(), sum(rows) FROM system.parts WHERE table = 'heavy' AND active")).toBe('1\t1200000')
    await server.sql('DROP TABLE heavy SYNC')
  })

  test('with the token of an earlier one is dropped, from the table and from its view’s target', async () => {
    const window = 'SETTINGS non_replicated_deduplication_window = 1000'
    await server.sql(`CREATE TABLE raw (id UInt64) ENGINE = MergeTree ORDER BY id ${window}`)
    await server.sql(`CREATE TABLE sums (k UInt8, n UInt64) ENGINE = SummingMergeTree ORDER BY k ${window}`)
    await server.sql('CREATE MATERIALIZED VIEW raw_sums TO sums AS SELECT id % 2 AS k, count() AS n FROM raw GROUP BY k')
    for (const format of ['Native', 'RowBinary', 'JSONEachRow']) {
      const body = await bytesOf(`SELECT number AS id FROM numbers(1000) FORMAT ${format}`)
      for (let attempt = 0; attempt < 3; attempt++) {
        expect(await insert(`INSERT INTO raw FORMAT ${format}`, body, `insert_deduplication_token=${format}&deduplicate_blocks_in_dependent_materialized_views=1`)).toMatchObject({ status: 200 })
      }
    }
    expect(await server.sql('SELECT count() FROM raw')).toBe('3000')
    expect(await server.sql('SELECT sum(n) FROM sums')).toBe('3000')
    // The same rows under a token of their own are other rows.
    const again = await bytesOf('SELECT number AS id FROM numbers(1000) FORMAT Native')
    await insert('INSERT INTO raw FORMAT Native', again, 'insert_deduplication_token=another&deduplicate_blocks_in_dependent_materialized_views=1')
    expect(await server.sql('SELECT (SELECT count() FROM raw), (SELECT sum(n) FROM sums)')).toBe('4000\t4000')
  })

  test('that fails lands nowhere: not half of it, and not in the view', async () => {
    await server.sql('CREATE TABLE all_or_none (id UInt64) ENGINE = MergeTree ORDER BY id')
    await server.sql('CREATE TABLE copies (id UInt64) ENGINE = MergeTree ORDER BY id')
    await server.sql('CREATE MATERIALIZED VIEW copying TO copies AS SELECT id FROM all_or_none')
    const native = await bytesOf('SELECT number AS id FROM numbers(500000) FORMAT Native')
    expect(await insert('INSERT INTO all_or_none FORMAT Native', native.subarray(0, native.length - 3))).toMatchObject({ status: 500 })
    const rows = Array.from({ length: 300_000 }, (_, i) => `{"id":${i}}`).join('\n')
    expect(await insert('INSERT INTO all_or_none FORMAT JSONEachRow', `${rows}\n{"id":oops}\n`)).toMatchObject({ status: 400 })
    expect(await server.sql('SELECT (SELECT count() FROM all_or_none), (SELECT count() FROM copies)')).toBe('0\t0')
  })

  test('leaves no file behind, whether it succeeds, fails, or its client goes away', async () => {
    await server.sql('CREATE TABLE tidy (id UInt64) ENGINE = MergeTree ORDER BY id')
    await insert('INSERT INTO tidy FORMAT JSONEachRow', '{"id":1}')
    await insert('INSERT INTO tidy FORMAT JSONEachRow', '{"id":')
    await insert('INSERT INTO nowhere FORMAT Native', 'x')
    const abort = new AbortController()
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (let i = 0; i < 50; i++) yield Buffer.from('{"id":2}\n'.repeat(1000))
      abort.abort()
    }
    await expect(
      fetch(`${server.url}/?query=${encodeURIComponent('INSERT INTO tidy FORMAT JSONEachRow')}`, { method: 'POST', body: endless(), duplex: 'half', signal: abort.signal } as RequestInit),
    ).rejects.toThrow('abort')
    await expect.poll(() => readdirSync(join(server.dataDir, 'spool'))).toEqual([])
    expect(await server.sql('SELECT groupArray(id) FROM tidy')).toBe('[1]')
  })

  test('of nothing is accepted, into a table that exists', async () => {
    await server.sql('CREATE TABLE empty (id UInt64) ENGINE = MergeTree ORDER BY id')
    expect(await insert('INSERT INTO empty FORMAT JSONEachRow', '')).toMatchObject({ status: 200, writtenRows: 0 })
    expect(await insert('INSERT INTO nowhere FORMAT JSONEachRow', '')).toMatchObject({ status: 404 })
  })

  test('may not read or write files of its own naming', async () => {
    expect(await insert("INSERT INTO empty FROM INFILE '/etc/hostname' FORMAT CSV", '')).toMatchObject({ status: 501 })
    const response = await fetch(server.url, { method: 'POST', body: "SELECT 1 INTO OUTFILE '/tmp/never' FORMAT CSV" })
    expect(response.status).toBe(501)
  })
})
