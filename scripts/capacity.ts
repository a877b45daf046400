import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClickHouse, migrate, tableNames } from '@ballast/clickhouse'
import { transcodeLogs, type Transcoded, transcodeTraces } from '@ballast/otlp'
import { logRequests, RECORDS, traceRequests } from '../libs/otlp/bench/requests.ts'
import { capacityTables, type Measured } from './capacity/tables.ts'
import { startApp } from './stack/app-process.ts'
import { freePort } from './stack/free-port.ts'

// npm run capacity: measures what one core and one byte of disk carry, and writes infra/capacity.json and the tables of infra/capacity.md.

/** As ingest sends them: requests joined to inserts of about 20,000 rows. */
const REQUESTS_AN_INSERT = 40
const INSERTS = 6
const root = new URL('../', import.meta.url)
/** Clock ticks a second of /proc, on every Linux that Node runs on. */
const TICKS_A_SECOND = 100

const nowNano = BigInt(Date.now()) * 1_000_000n
const options = { encoding: 'protobuf', tenantId: 'default', receivedAtUnixNano: nowNano } as const

/** Records a second of processor time, so that what else the machine does hardly counts. */
function ratePerCore(requests: readonly Uint8Array[], transcode: (body: Uint8Array) => unknown): number {
  const round = (): void => requests.forEach((request) => void transcode(request))
  // The first rounds compile.
  for (let warm = 0; warm < 10; warm++) round()
  const before = process.cpuUsage()
  const rounds = 40
  for (let index = 0; index < rounds; index++) round()
  const { user, system } = process.cpuUsage(before)
  return Math.round((rounds * requests.length * RECORDS * 1e6) / (user + system))
}

/** Processor time of a process so far, microseconds. */
function cpuMicroseconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ')
  return ((Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND) * 1e6
}

/** Bytes on disk, and processor time of insert and merge, of the benchmark's records in the embedded engine. */
async function storage(): Promise<Pick<Measured, 'bytesASpan' | 'bytesALog' | 'storeMicrosecondsASpan'>> {
  const dir = mkdtempSync(join(tmpdir(), 'ballast-capacity-'))
  const port = await freePort()
  const server = await startApp({ app: 'clickhouse-embedded', env: { CLICKHOUSE_EMBEDDED_PORT: String(port), CLICKHOUSE_EMBEDDED_DATA_DIR: dir, LOG_LEVEL: 'warn' } })
  const client = createClickHouse({ url: `http://127.0.0.1:${port}`, database: 'capacity', requestTimeoutMs: 300_000 })
  const store = async (table: string, requests: readonly Uint8Array[], transcode: (body: Uint8Array, with_: typeof options) => Transcoded): Promise<void> => {
    for (let insert = 0; insert < INSERTS; insert++) {
      const blocks = requests.slice(insert * REQUESTS_AN_INSERT, (insert + 1) * REQUESTS_AN_INSERT).flatMap((request) => transcode(request, options).blocks)
      await client.insertBlock({ ...blocks[0]!, body: Buffer.concat(blocks.map(({ body }) => body)), deduplicationToken: `${table} ${insert}` })
    }
    await client.command({ query: `OPTIMIZE TABLE ${table} FINAL` })
  }
  const bytesARow = async (table: string): Promise<number> => {
    const [row] = await client.query<{ bytes: string }>({ query: `SELECT sum(bytes_on_disk) AS bytes FROM system.parts WHERE active AND database = 'capacity' AND table = {table:String}`, params: { table } })
    return Number(row!.bytes) / (INSERTS * REQUESTS_AN_INSERT * RECORDS)
  }
  try {
    await migrate({ client })
    const requests = INSERTS * REQUESTS_AN_INSERT
    const before = cpuMicroseconds(server.process.pid!)
    await store(tableNames.traces, traceRequests(requests, nowNano), transcodeTraces)
    const storeMicrosecondsASpan = (cpuMicroseconds(server.process.pid!) - before) / (requests * RECORDS)
    await store(tableNames.logs, logRequests(requests, nowNano), transcodeLogs)
    const bytesASpan = (await bytesARow(tableNames.traces)) + (await bytesARow(tableNames.tracesTraceIdTs))
    return { bytesASpan: Math.round(bytesASpan), bytesALog: Math.round(await bytesARow(tableNames.logs)), storeMicrosecondsASpan: Number(storeMicrosecondsASpan.toFixed(1)) }
  } finally {
    await client.close()
    await server.stop()
    rmSync(dir, { recursive: true, force: true })
  }
}

const measured: Measured = { machine: `${cpus().length} cores, ${cpus()[0]!.model.trim()}`, spansACore: ratePerCore(traceRequests(8), (body) => transcodeTraces(body, options)), logsACore: ratePerCore(logRequests(8), (body) => transcodeLogs(body, options)), ...(await storage()) }
writeFileSync(new URL('infra/capacity.json', root), `${JSON.stringify(measured, null, 2)}\n`)
const page = new URL('infra/capacity.md', root)
writeFileSync(page, readFileSync(page, 'utf8').replace(/(<!-- measured -->\n)[\s\S]*(\n<!-- end -->)/, (_, begin: string, end: string) => `${begin}${capacityTables(measured)}${end}`))
process.stdout.write(`${capacityTables(measured)}\n`)
