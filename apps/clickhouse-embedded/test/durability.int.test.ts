import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { eventually, exitOf, ServerProcess } from './server-process.ts'

const servers: ServerProcess[] = []
async function start(env: Readonly<Record<string, string>> = {}): Promise<ServerProcess> {
  const server = await ServerProcess.start(env)
  servers.push(server)
  return server
}
afterEach(async () => {
  for (const server of servers.splice(0)) await server.remove()
})

/** Inserts small batches until the server is gone; gives the ids that were acknowledged. */
async function insertUntilGone(server: ServerProcess, writer: number, format: 'JSONEachRow' | 'RowBinary', acknowledged: Set<number>): Promise<void> {
  for (let batch = 0; ; batch++) {
    const first = writer * 1_000_000 + batch * 10
    const ids = Array.from({ length: 10 }, (_, i) => first + i)
    const body = format === 'JSONEachRow' ? ids.map((id) => `{"id":${id}}`).join('\n') : Buffer.concat(ids.map((id) => uint64(id)))
    try {
      const response = await fetch(`${server.url}/?query=${encodeURIComponent(`INSERT INTO kept FORMAT ${format}`)}`, { method: 'POST', body })
      await response.text()
      if (!response.ok) return
      for (const id of ids) acknowledged.add(id)
    } catch {
      return
    }
  }
}

function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes
}

describe('the data', () => {
  test('acknowledged before a SIGKILL is all there after it, time after time', async () => {
    const server = await start()
    await server.sql('CREATE TABLE kept (id UInt64) ENGINE = MergeTree ORDER BY id')
    await server.sql('CREATE TABLE kept_copies (id UInt64) ENGINE = MergeTree ORDER BY id')
    await server.sql('CREATE MATERIALIZED VIEW kept_copying TO kept_copies AS SELECT id FROM kept')
    const acknowledged = new Set<number>()
    for (let round = 0; round < 4; round++) {
      const before = acknowledged.size
      const writers = [0, 1, 2].map((writer) => insertUntilGone(server, round * 10 + writer, writer === 1 ? 'RowBinary' : 'JSONEachRow', acknowledged))
      // The kill falls at no particular point of any insert: the counts at which it comes differ from round to round.
      await eventually(() => acknowledged.size > before + 300 + Math.floor(Math.random() * 600))
      expect(await server.signal('SIGKILL')).toBe('SIGKILL')
      await Promise.all(writers)
      await server.restart()
      for (const table of ['kept', 'kept_copies']) {
        const present = new Set((await server.sql(`SELECT id FROM ${table}`)).split('\n').map(Number))
        expect([...acknowledged].filter((id) => !present.has(id))).toEqual([])
      }
      // An insert that was not acknowledged is there as a whole or not at all.
      expect(await server.sql('SELECT count() FROM (SELECT intDiv(id, 10) AS batch, count() AS n FROM kept GROUP BY batch HAVING n != 10)')).toBe('0')
    }
    expect(acknowledged.size).toBeGreaterThan(1200)
  })

  test('is one process’s at a time: a second one says so in a sentence and leaves the first alone', async () => {
    const server = await start()
    const second = server.spawn({ CLICKHOUSE_EMBEDDED_PORT: '0' })
    expect(await exitOf(second)).toBe(1)
    const folder = join(server.dataDir, 'engine')
    expect(server.output).toContain(`"msg":"another process (${server.pid}) uses the data folder ${folder}; stop it, or set CLICKHOUSE_EMBEDDED_DATA_DIR to another folder."`)
    expect(await server.sql('SELECT 1')).toBe('1')
  })

  test('outlives an orderly stop; files left over from a kill are removed at the start', async () => {
    const server = await start()
    await server.sql('CREATE TABLE t (id UInt64) ENGINE = MergeTree ORDER BY id')
    await server.sql('INSERT INTO t VALUES (1), (2)')
    expect(await server.signal('SIGTERM')).toBe(0)
    writeFileSync(join(server.dataDir, 'spool', '9.spool'), 'left over')
    await server.restart()
    expect(readdirSync(join(server.dataDir, 'spool'))).toEqual([])
    expect(await server.sql('SELECT sum(id) FROM t')).toBe('3')
    expect(existsSync(join(server.dataDir, 'engine'))).toBe(true)
  })
})

describe('a shutdown', () => {
  const running = async (server: ServerProcess, query: Promise<Response>): Promise<void> => {
    await eventually(async () => (await (await fetch(`${server.url}/metrics`)).text()).includes('clickhouse_embedded_queries_running{otel_scope_name="@ballast/clickhouse-embedded"} 1'))
    void query
  }

  test('lets a running query finish, refuses new connections, and exits with 0', async () => {
    const server = await start()
    const query = fetch(server.url, { method: 'POST', body: "SELECT 'done', sleep(1.5)" })
    await running(server, query)
    const exited = server.signal('SIGTERM')
    const response = await query
    expect(await response.text()).toBe('done\t0\n')
    expect(response.headers.get('connection')).toBe('close')
    expect(await exited).toBe(0)
    await expect(fetch(server.url)).rejects.toThrow('fetch failed')
  })

  test('cancels a query that would not finish in time, tells its client, and still exits with 0', async () => {
    const server = await start({ CLICKHOUSE_EMBEDDED_DRAIN_TIMEOUT: '300ms' })
    const query = fetch(server.url, { method: 'POST', body: 'SELECT count() FROM numbers(300000000000) WHERE number % 7 = 3' })
    await running(server, query)
    const exited = server.signal('SIGTERM')
    expect(await (await query).text()).toMatch(/\(QUERY_WAS_CANCELLED\)/)
    expect(await exited).toBe(0)
  })
})
