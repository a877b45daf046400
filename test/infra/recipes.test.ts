import { execFile, execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type ClickHouse, createClickHouse } from '@ballast/clickhouse'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type AppProcess, startApp } from '../../scripts/stack/app-process.ts'
import { freePort } from '../../scripts/stack/free-port.ts'
import { root } from '../harness/ballast.ts'
import { readText } from './files.ts'

const KEY = 'the-key'
const dir = mkdtempSync(join(tmpdir(), 'ballast-recipes-'))
const apps: AppProcess[] = []
let client: ClickHouse
let ingestUrl: string

beforeAll(async () => {
  const [clickhousePort, ingestPort] = [await freePort(), await freePort()]
  writeFileSync(join(dir, 'keys.json'), JSON.stringify({ [createHash('sha256').update(KEY).digest('hex')]: 'acme' }))
  apps.push(await startApp({ app: 'clickhouse-embedded', env: { CLICKHOUSE_EMBEDDED_PORT: String(clickhousePort), CLICKHOUSE_EMBEDDED_DATA_DIR: join(dir, 'data'), LOG_LEVEL: 'warn' } }))
  const clickhouseUrl = `http://127.0.0.1:${clickhousePort}`
  apps.push(await startApp({ app: 'ingest', env: { INGEST_PORT: String(ingestPort), INGEST_GRPC_PORT: '0', INGEST_JOURNAL_DIR: join(dir, 'journal'), INGEST_API_KEYS_FILE: join(dir, 'keys.json'), CLICKHOUSE_URL: clickhouseUrl, LOG_LEVEL: 'warn' } }))
  ingestUrl = `http://127.0.0.1:${ingestPort}`
  client = createClickHouse({ url: clickhouseUrl })
  await vi.waitFor(async () => {
    if (!(await fetch(`${ingestUrl}/readyz`)).ok) throw new Error('ingest is not ready')
  }, { timeout: 30_000, interval: 100 })
})

afterAll(async () => {
  await client.close()
  for (const app of apps.toReversed()) await app.stop()
  rmSync(dir, { recursive: true, force: true })
})

/** The variables as the page gives them, with this test's port. */
function variables(): Record<string, string> {
  const [, block] = /```sh\n([\s\S]*?)```/.exec(readText('infra/recipes/README.md'))!
  const entries = [...block!.matchAll(/^export (\w+)=(.*)$/gm)].map(([, name, value]) => [name!, value!.replace('http://127.0.0.1:4318', ingestUrl)] as const)
  return Object.fromEntries(entries)
}

/** Runs a program that sends one span; returns the row of it. */
async function sent(program: string, args: readonly string[], env: Readonly<Record<string, string>>): Promise<readonly Record<string, unknown>[]> {
  const { stdout } = await promisify(execFile)(program, [...args], { cwd: root, env: { PATH: process.env['PATH'], ...env }, timeout: 30_000 })
  return vi.waitFor(
    async () => {
      const rows = await client.query<Record<string, unknown>>({ query: 'SELECT TenantId, ServiceName, SpanName FROM otel_traces WHERE TraceId = {id:String}', params: { id: stdout } })
      if (rows.length === 0) throw new Error(`trace ${stdout} is not stored`)
      return rows
    },
    { timeout: 10_000, interval: 50 },
  )
}

const expected = [{ TenantId: 'acme', ServiceName: 'checkout', SpanName: 'existing work' }]

test('Node: a program with the OpenTelemetry SDK sends by the variables of the page, its key among them', async () => {
  expect(await sent(process.execPath, ['test/fixtures/existing-service.ts'], variables())).toEqual(expected)
})

test('without its key a program is told so, and nothing of it is stored', async () => {
  const { OTEL_EXPORTER_OTLP_HEADERS: _, ...without } = variables()
  await expect(sent(process.execPath, ['test/fixtures/existing-service.ts'], { ...without, OTEL_SERVICE_NAME: 'keyless' })).rejects.toThrow(/Unauthorized/)
  expect(await client.query({ query: `SELECT TraceId FROM otel_traces WHERE ServiceName = 'keyless'` })).toEqual([])
})

const python = ['python3', process.env['BALLAST_TEST_PYTHON'] ?? ''].find((program) => program !== '' && spawnSync(program, ['-c', 'import opentelemetry.exporter.otlp.proto.http, opentelemetry.sdk.trace'], { stdio: 'ignore' }).status === 0)
test.skipIf(python === undefined)('Python: a program with the OpenTelemetry SDK sends by the variables of the page (skipped where Python lacks the SDK)', async () => {
  expect(execFileSync(python!, ['--version'], { encoding: 'utf8' })).toMatch(/^Python 3/)
  expect(await sent(python!, ['test/infra/existing_service.py'], variables())).toEqual(expected)
})
