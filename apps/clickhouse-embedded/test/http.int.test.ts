import { readFile } from 'node:fs/promises'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { curl, eventually, ServerProcess } from './server-process.ts'

let server: ServerProcess

beforeAll(async () => {
  server = await ServerProcess.start()
})
afterAll(async () => {
  await server.remove()
})

const text = async (args: readonly string[], input?: Buffer | string): Promise<string> => (await curl(args, input)).stdout.toString()

describe('curl', () => {
  test('gets Ok. from /ping and from / without a query', async () => {
    expect(await text([`${server.url}/ping`])).toBe('Ok.\n')
    expect(await text([server.url])).toBe('Ok.\n')
  })

  test('sees health and metrics on the same port', async () => {
    expect(JSON.parse(await text([`${server.url}/livez`]))).toEqual({ status: 'alive' })
    expect(JSON.parse(await text([`${server.url}/readyz`]))).toMatchObject({ status: 'ready', checks: { engine: { ok: true }, disk: { ok: true } } })
    await text([server.url, '-d', 'SELECT * FROM counted_error'])
    const metrics = await text([`${server.url}/metrics`])
    expect(metrics).toMatch(/clickhouse_embedded_query_duration_count\{kind="rows",error="UNKNOWN_TABLE"[^}]*\} 1/)
  })

  test('sends a query in the URL, in the body, or begun in one and ended in the other', async () => {
    expect(await text([`${server.url}/?query=SELECT%201`])).toBe('1\n')
    expect(await text([server.url, '-d', 'SELECT 2'])).toBe('2\n')
    expect(await text([`${server.url}/?query=SELECT`, '-d', '3'])).toBe('3\n')
  })

  test('may read but not write by GET', async () => {
    expect(await text([`${server.url}/?query=CREATE%20TABLE%20g%20(a%20UInt8)%20ENGINE%3DMemory`])).toMatch(/^Code: 164\. DB::Exception: .*\(READONLY\) \(version [\d.]+\)\n$/)
    expect(await text([`${server.url}/?query=SELECT%20getSetting('max_threads')&max_threads=3`])).toBe('3\n')
    expect(await text([`${server.url}/?query=SET%20readonly%3D0`])).toContain('READONLY')
  })

  test('gets the format it asks for, by clause, parameter or header', async () => {
    expect(await text([server.url, '-d', "SELECT 1 AS a, 'x' AS b FORMAT JSONEachRow"])).toBe('{"a":1,"b":"x"}\n')
    expect(await text([`${server.url}/?default_format=CSV`, '-d', "SELECT 1, 'x'"])).toBe('1,"x"\n')
    const { stdout } = await curl(['-i', '-H', 'X-ClickHouse-Format: JSONCompactEachRow', server.url, '-d', "SELECT 1, 'x'"])
    expect(stdout.toString()).toMatch(/X-ClickHouse-Format: JSONCompactEachRow\r\n/)
    expect(stdout.toString()).toMatch(/\[1, ?"x"\]\n$/)
    const parquet = await curl([server.url, '-d', 'SELECT 1 AS a FORMAT Parquet'])
    expect(parquet.stdout.subarray(0, 4).toString()).toBe('PAR1')
    expect(parquet.stdout.subarray(-4).toString()).toBe('PAR1')
  })

  test('gets one document of a result that the engine makes in pieces', async () => {
    const rows = 'SELECT number AS a FROM numbers(200000)'
    expect(JSON.parse(await text([server.url, '-d', `${rows} FORMAT JSON`]))).toMatchObject({ meta: [{ name: 'a', type: 'UInt64' }], rows: 200_000 })
    const csv = await text([`${server.url}/?default_format=CSVWithNames`, '-d', rows])
    expect([csv.slice(0, 6), csv.match(/"a"/g)?.length, csv.split('\n').length]).toEqual(['"a"\n0\n', 1, 200_002])
    const parquet = (await curl([server.url, '-d', `${rows} FORMAT Parquet`])).stdout
    expect(parquet.toString('latin1').match(/PAR1/g)).toHaveLength(2)
    expect(await text([server.url, '-d', `${rows} FORMAT JSON SETTINGS max_result_bytes = 1000`])).toMatch(/^Code: 396\. DB::Exception: .*\(TOO_MANY_ROWS_OR_BYTES\)/)
  })

  test('gets ClickHouse’s headers', async () => {
    const head = await text(['-i', `${server.url}/?query_id=q-7`, '-d', 'SELECT 1 FORMAT TSV'])
    expect(head).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
    expect(head).toMatch(/X-ClickHouse-Query-Id: q-7\r\n/)
    expect(head).toMatch(/X-ClickHouse-Format: TSV\r\n/)
    expect(head).toMatch(/X-ClickHouse-Timezone: \S+\r\n/)
    expect(head).toMatch(/X-ClickHouse-Server-Display-Name: \S+\r\n/)
    const summary = JSON.parse(/X-ClickHouse-Summary: (.*)\r\n/.exec(head)?.[1] ?? '') as Record<string, string>
    expect(summary).toMatchObject({ read_rows: expect.any(String), written_rows: '0', result_rows: '1' })
  })

  test.each([
    ['SELECT * FROM nowhere', 404, 60],
    ['SELECT nosuch(1)', 404, 46],
    ['SELECT 1 FROM', 400, 62],
    ['', 400, 62],
    ["SELECT throwIf(1, 'no')", 500, 395],
    ['SELECT sleep(3) SETTINGS max_execution_time = 0.2', 408, 159],
  ])('gets the status and code of %s', async (query, status, code) => {
    const answer = await text(['-i', server.url, '--data-binary', query])
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    expect(answer).toMatch(new RegExp(`X-ClickHouse-Exception-Code: ${code}\r\n`))
    expect(answer).toMatch(new RegExp(`\r\n\r\nCode: ${code}\\. DB::Exception: [^\n]*\\([A-Z_]+\\) \\(version [\\d.]+\\)\n$`))
  })

  test('notices that a query failed after its first rows, and can read why', async () => {
    const { exitCode, stdout } = await curl([server.url, '-d', 'SELECT number, throwIf(number = 3000000) FROM numbers(10000000)'])
    expect(exitCode).toBe(18)
    expect(stdout.subarray(-400).toString()).toMatch(/\r\n__exception__\r\n(\w{16})\r\nCode: 395\.[^\n]+\n\d+ \1\r\n__exception__\r\n$/)
  })

  test('gets a status for the same failure when it waits for the end of the query', async () => {
    const { exitCode, stdout } = await curl(['-i', `${server.url}/?wait_end_of_query=1`, '-d', 'SELECT number, throwIf(number = 3000000) FROM numbers(10000000)'])
    expect(exitCode).toBe(0)
    expect(stdout.toString()).toMatch(/^HTTP\/1\.1 500 /)
    const whole = await curl([`${server.url}/?wait_end_of_query=1`, '-d', 'SELECT number FROM numbers(1000000)'])
    expect(whole.stdout.length).toBe(6_888_890)
  })

  test('sends gzip, and gets it only when the query allows it', async () => {
    const query = gzipSync('SELECT number FROM numbers(300000)')
    const plain = await curl(['-H', 'Content-Encoding: gzip', '-H', 'Accept-Encoding: gzip', server.url, '--data-binary', '@-'], query)
    const zipped = await curl(['-H', 'Content-Encoding: gzip', '-H', 'Accept-Encoding: gzip', `${server.url}/?enable_http_compression=1`, '--data-binary', '@-'], query)
    expect(plain.stdout.subarray(0, 4).toString()).toBe('0\n1\n')
    expect(gunzipSync(zipped.stdout).equals(plain.stdout)).toBe(true)
    expect(zipped.stdout.length).toBeLessThan(plain.stdout.length)
    expect(await text(['-H', 'Content-Encoding: gzip', server.url, '-d', 'not gzip'])).toMatch(/\(INCORRECT_DATA\)/)
    expect(await text(['-H', 'Content-Encoding: rot13', server.url, '-d', 'x'])).toMatch(/\(NOT_IMPLEMENTED\)/)
  })

  test('reads an exception inside a gzipped result too', async () => {
    const { stdout } = await curl(['--compressed', `${server.url}/?enable_http_compression=1`, '-d', 'SELECT number, throwIf(number = 3000000) FROM numbers(10000000)'])
    expect(stdout.subarray(-60).toString()).toMatch(/\r\n__exception__\r\n$/)
  })

  test.each([['session_id=s1'], ['compress=1'], ['decompress=1'], ['role=admin']])('is told plainly that %s cannot be honoured', async (parameter) => {
    expect(await text([`${server.url}/?${parameter}`, '-d', 'SELECT 1'])).toMatch(/^Code: 48\. DB::Exception: .+\(NOT_IMPLEMENTED\)/)
  })

  test('that stops reading stops the query’s work, and gets the rest when it reads on', async () => {
    const sql = 'SELECT number FROM numbers(30000000)'
    const readRows = (): Promise<string> => server.sql(`SELECT read_rows FROM system.processes WHERE query = '${sql}'`)
    const response = await fetch(server.url, { method: 'POST', body: sql })
    let rows = '0'
    let same = 0
    await eventually(async () => {
      const now = await readRows()
      same = now === rows && Number(now) > 0 ? same + 1 : 0
      rows = now
      return same === 8
    })
    expect(Number(rows)).toBeLessThan(20_000_000)
    let received = 0
    for await (const chunk of response.body!) received += chunk.length
    expect(received).toBe(258_888_890)
  })

  test('reads a large result without the server keeping it', async () => {
    const residentBytes = async (): Promise<number> => Number((await readFile(`/proc/${server.pid}/statm`, 'utf8')).split(' ')[1]) * 4096
    await text(['-o', '/dev/null', server.url, '-d', 'SELECT number FROM numbers(3000000)'])
    const before = await residentBytes()
    const response = await fetch(server.url, { method: 'POST', body: 'SELECT number FROM numbers(60000000)' })
    let received = 0
    let most = 0
    let chunks = 0
    for await (const chunk of response.body!) {
      received += chunk.length
      if (++chunks % 200 === 0) most = Math.max(most, await residentBytes())
    }
    expect(received).toBe(528_888_890)
    expect(most - before).toBeLessThan(300_000_000)
  })
})
