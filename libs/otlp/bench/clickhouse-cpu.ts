import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BlockFormat, createClickHouse, migrate } from '@ballast/clickhouse'
import { startApp } from '../../../scripts/stack/app-process.ts'
import { freePort } from '../../../scripts/stack/free-port.ts'
import { transcodeTraces } from '../src/index.ts'
import { RECORDS, traceRequests } from './requests.ts'

const FORMATS: readonly BlockFormat[] = ['Native', 'RowBinary', 'JSONEachRow']
/** Requests of one insert. */
const REQUESTS = 40
/** `/proc/<pid>/stat` counts in hundredths of a second. */
const TICKS_PER_SECOND = 100

/** Microseconds of CPU that ClickHouse takes to insert a span, by the format it comes in: the same rows into the same table, in turn. */
export async function clickHouseCpu(inserts: number): Promise<ReadonlyMap<BlockFormat, number>> {
  const dir = mkdtempSync(join(tmpdir(), 'ballast-bench-clickhouse-'))
  const port = await freePort()
  const app = await startApp({ app: 'clickhouse-embedded', env: { CLICKHOUSE_EMBEDDED_PORT: String(port), CLICKHOUSE_EMBEDDED_DATA_DIR: dir, LOG_LEVEL: 'warn' } })
  const url = `http://127.0.0.1:${port}`
  const client = createClickHouse({ url, database: 'bench', requestTimeoutMs: 60_000 })
  try {
    await migrate({ client })
    // Merges work off earlier inserts, in whichever format they came.
    await client.command({ query: 'SYSTEM STOP MERGES' })
    const requests = traceRequests(REQUESTS, BigInt(Date.now()) * 1_000_000n)
    const blocks = requests.flatMap((body) => transcodeTraces(body, { encoding: 'protobuf', tenantId: 'default', receivedAtUnixNano: 1n }).blocks)
    const { table, columns } = blocks[0]!
    const insert = (format: BlockFormat, body: Uint8Array, deduplicationToken: string): Promise<unknown> => client.insertBlock({ table, columns, format, body, deduplicationToken })

    const bodies = new Map<BlockFormat, Uint8Array>([['Native', Buffer.concat(blocks.map(({ body }) => body))]])
    await insert('Native', bodies.get('Native')!, 'first')
    for (const format of FORMATS.slice(1)) {
      const names = columns.map((name) => `\`${name}\``).join(', ')
      const answer = await fetch(`${url}/?database=bench`, { method: 'POST', body: `SELECT ${names} FROM ${table} FORMAT ${format}` })
      if (!answer.ok) throw new Error(await answer.text())
      bodies.set(format, new Uint8Array(await answer.arrayBuffer()))
    }
    const ticks = new Map(FORMATS.map((format) => [format, 0]))
    for (let round = -1; round < inserts; round++) {
      for (const format of FORMATS) {
        const before = cpuTicks(app.process.pid!)
        await insert(format, bodies.get(format)!, `${format} ${round}`)
        // The first round warms up.
        if (round >= 0) ticks.set(format, ticks.get(format)! + cpuTicks(app.process.pid!) - before)
      }
    }
    const rows = REQUESTS * RECORDS
    const [stored] = await client.query<{ rows: string }>({ query: `SELECT count() AS rows FROM ${table}` })
    const expected = rows * (1 + FORMATS.length * (inserts + 1))
    if (Number(stored!.rows) !== expected) throw new Error(`ClickHouse has ${stored!.rows} rows, not ${expected}`)
    return new Map([...ticks].map(([format, count]) => [format, (count / TICKS_PER_SECOND / (rows * inserts)) * 1e6]))
  } finally {
    await client.close()
    await app.stop()
    rmSync(dir, { recursive: true, force: true })
  }
}

/** CPU time of a process, user and system. */
function cpuTicks(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The name of the program is in parentheses and may hold spaces; `utime` is the 12th field after it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return Number(fields[11]) + Number(fields[12])
}
