import { randomBytes } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { curl, eventually, exitOf, ServerProcess } from './server-process.ts'

const password = 'correct-horse-battery'
let server: ServerProcess

beforeAll(async () => {
  server = await ServerProcess.start({
    CLICKHOUSE_EMBEDDED_USER: 'ballast',
    CLICKHOUSE_EMBEDDED_PASSWORD: password,
    CLICKHOUSE_EMBEDDED_MAX_BODY_BYTES: '1MiB',
    CLICKHOUSE_EMBEDDED_MAX_CONCURRENT_QUERIES: '2',
    CLICKHOUSE_EMBEDDED_MAX_QUEUED_QUERIES: '2',
    CLICKHOUSE_EMBEDDED_MAX_CONCURRENT_INSERTS: '1',
    CLICKHOUSE_EMBEDDED_QUEUE_TIMEOUT: '10s',
    CLICKHOUSE_EMBEDDED_MAX_MEMORY: '100MiB',
    CLICKHOUSE_EMBEDDED_SEND_TIMEOUT: '1s',
    LOG_LEVEL: 'trace',
  })
})
afterAll(async () => {
  await server.remove()
})

const headers = { 'X-ClickHouse-User': 'ballast', 'X-ClickHouse-Key': password }
const post = (body: string | Uint8Array<ArrayBuffer>, parameters = '', more: Record<string, string> = {}): Promise<Response> =>
  fetch(`${server.url}/?${parameters}`, { method: 'POST', body, headers: { ...headers, ...more } })

describe('user and password', () => {
  test('are taken from Basic authentication, headers, or the URL', async () => {
    const query = ['-d', 'SELECT 1']
    for (const args of [
      ['-u', `ballast:${password}`, server.url],
      ['-H', 'X-ClickHouse-User: ballast', '-H', `X-ClickHouse-Key: ${password}`, server.url],
      [`${server.url}/?user=ballast&password=${password}`],
    ]) {
      expect((await curl([...args, ...query])).stdout.toString()).toBe('1\n')
    }
  })

  test.each([
    ['no user', []],
    ['a wrong password', ['-u', 'ballast:wrong']],
    ['a wrong user', ['-u', `other:${password}`]],
    ['a wrong password in the URL', ['-G', '-d', 'user=ballast', '-d', 'password=wrong', '-d', 'query=SELECT+1']],
  ])('with %s are refused with 401', async (_name, args) => {
    const answer = (await curl(['-i', ...args, server.url, ...(args.includes('-G') ? [] : ['-d', 'SELECT 1'])])).stdout.toString()
    expect(answer).toMatch(/^HTTP\/1\.1 401 /)
    expect(answer).toMatch(/X-ClickHouse-Exception-Code: 516\r\n/)
    expect(answer).not.toContain(password)
  })

  test('are not needed for health, and never reach the log', async () => {
    for (const path of ['/ping', '/livez', '/readyz', '/metrics']) expect((await fetch(server.url + path)).status).toBe(200)
    await (await post('SELECT nosuch')).text()
    expect(server.output).toContain('"level":"info"')
    expect(server.output).not.toContain(password)
    expect(server.output).not.toContain('wrong')
  })

  test('are demanded before the server listens to others', async () => {
    const child = server.spawn({ CLICKHOUSE_EMBEDDED_HOST: '0.0.0.0', CLICKHOUSE_EMBEDDED_PASSWORD: '', CLICKHOUSE_EMBEDDED_PORT: '0' })
    expect(await exitOf(child)).toBe(1)
    expect(server.output).toContain('CLICKHOUSE_EMBEDDED_HOST is 0.0.0.0, which others can reach; set CLICKHOUSE_EMBEDDED_PASSWORD, or listen on 127.0.0.1.')
  })
})

describe('a body', () => {
  test('beyond the limit is refused with 413, declared or not, inflated or not, and the client can read why', async () => {
    const large = randomBytes(5_000_000)
    const auth = ['-u', `ballast:${password}`]
    const url = `${server.url}/?query=${encodeURIComponent('INSERT INTO t FORMAT Native')}`
    for (const args of [['--data-binary', '@-'], ['-H', 'Transfer-Encoding: chunked', '--data-binary', '@-']]) {
      const { stdout } = await curl(['-i', ...auth, url, ...args], large)
      expect(stdout.toString()).toMatch(/HTTP\/1\.1 413 [\s\S]*\(QUERY_IS_TOO_LARGE\)/)
    }
    const bomb = gzipSync(Buffer.alloc(50_000_000))
    expect(bomb.length).toBeLessThan(100_000)
    const { stdout } = await curl(['-i', ...auth, url, '-H', 'Content-Encoding: gzip', '--data-binary', '@-'], bomb)
    expect(stdout.toString()).toMatch(/HTTP\/1\.1 413 [\s\S]*\(QUERY_IS_TOO_LARGE\)/)
  })

  test('of SQL longer than max_query_size is refused; a larger max_query_size allows it', async () => {
    const sql = `SELECT '${'x'.repeat(300_000)}' AS text, 1 AS one FORMAT JSONEachRow`
    expect(await (await post(sql)).text()).toMatch(/Max query size exceeded.*\(SYNTAX_ERROR\)/)
    expect((await (await post(sql, 'max_query_size=1000000')).text()).length).toBeGreaterThan(300_000)
  })
})

describe('queries at once', () => {
  test('wait for their turn, and beyond the queue are refused with 503; /ping answers meanwhile', async () => {
    const held = Array.from({ length: 4 }, () => post('SELECT sleep(1.5)'))
    await eventually(async () => {
      const metrics = await (await fetch(`${server.url}/metrics`)).text()
      return /queries_running\{[^}]*\} 2/.test(metrics) && /queries_waiting\{[^}]*\} 2/.test(metrics)
    })
    const refused = await post('SELECT 1')
    expect(refused.status).toBe(503)
    expect(refused.headers.get('x-clickhouse-exception-code')).toBe('202')
    expect(refused.headers.get('retry-after')).toBe('1')
    expect(await (await fetch(`${server.url}/ping`)).text()).toBe('Ok.\n')
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200)
    expect(await Promise.all(held.map(async (response) => (await response).status))).toEqual([200, 200, 200, 200])
    expect(await (await post('SELECT 1')).text()).toBe('1\n')
  })

  test('that insert rows wait for those that do, with their rows on disk, and hold up no others', async () => {
    await (await post('CREATE TABLE turns (n UInt8) ENGINE = Memory')).text()
    const gone = new AbortController()
    const rows = '{"n":1}'.repeat(120)
    const slow = fetch(`${server.url}/?function_sleep_max_microseconds_per_block=60000000`, { method: 'POST', body: `INSERT INTO turns SELECT n + sleepEachRow(0.5) FROM input('n UInt8') FORMAT JSONEachRow ${rows}`, headers, signal: gone.signal })
    const shows = async (running: number, waiting: number): Promise<boolean> => {
      const metrics = await (await fetch(`${server.url}/metrics`)).text()
      return new RegExp(`queries_running\\{[^}]*\\} ${running}\n`).test(metrics) && new RegExp(`queries_waiting\\{[^}]*\\} ${waiting}\n`).test(metrics)
    }
    await eventually(() => shows(1, 0))
    const next = post('INSERT INTO turns FORMAT JSONEachRow {"n":5}')
    await eventually(() => shows(1, 1))
    expect(await (await post('SELECT count() FROM turns')).text()).toBe('0\n')
    gone.abort()
    await expect(slow).rejects.toThrow('aborted')
    expect((await next).status).toBe(200)
    expect(await (await post('SELECT sum(n) FROM turns')).text()).toBe('5\n')
  })

  test('do not hold up /ping while one plans: a scalar subquery runs on its own thread', async () => {
    const planning = post('SELECT (SELECT count() FROM numbers(1000000000) WHERE number % 7 = 3) AS n, number FROM numbers(2)')
    let answered = 0
    let over = false
    void planning.finally(() => (over = true))
    while (!over) {
      expect(await (await fetch(`${server.url}/ping`)).text()).toBe('Ok.\n')
      answered++
    }
    expect((await planning).status).toBe(200)
    expect(answered).toBeGreaterThan(10)
  })

  test('are cut off when their client takes nothing of the result, so that it cannot keep a turn', async () => {
    const stalled = await post('SELECT number FROM numbers(1000000000)')
    await eventually(async () => /queries_running\{[^}]*\} 0/.test(await (await fetch(`${server.url}/metrics`)).text()))
    await expect(stalled.text()).rejects.toThrow('terminated')
  })

  test('fail alone when they need more memory than one may use', async () => {
    const greedy = await post('SELECT groupArray(number) FROM numbers(100000000)')
    expect(await greedy.text()).toMatch(/^Code: 241\. .*\(MEMORY_LIMIT_EXCEEDED\)/)
    expect(await (await post('SELECT 1')).text()).toBe('1\n')
  })
})
