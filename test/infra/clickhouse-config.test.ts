import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClickHouse, migrate, type ClickHouse } from '@ballast/clickhouse'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AppProcess, startApp } from '../../scripts/stack/app-process.ts'
import { freePort } from '../../scripts/stack/free-port.ts'
import { root } from '../harness/ballast.ts'
import { filesIn, readText, readYaml } from './files.ts'

const dir = mkdtempSync(join(tmpdir(), 'ballast-clickhouse-conf-'))
let server: AppProcess
let client: ClickHouse

beforeAll(async () => {
  const port = await freePort()
  server = await startApp({ app: 'clickhouse-embedded', env: { CLICKHOUSE_EMBEDDED_PORT: String(port), CLICKHOUSE_EMBEDDED_DATA_DIR: join(dir, 'data'), LOG_LEVEL: 'warn' } })
  client = createClickHouse({ url: `http://127.0.0.1:${port}`, database: 'otel' })
  await migrate({ client })
})

afterAll(async () => {
  await client.close()
  await server.stop()
  rmSync(dir, { recursive: true, force: true })
})

async function namesIn(query: string): Promise<string[]> {
  return (await client.query<{ name: string }>({ query })).map(({ name }) => name)
}

/** Sections of the server's configuration that are no single setting, as ClickHouse documents them. */
const SECTIONS = ['logger', 'listen_host', 'prometheus', 'merge_tree', 'query_log', 'part_log', 'backups', 'macros', 'remote_servers', 'zookeeper', 'distributed_ddl', 'interserver_http_host', 'storage_configuration', 'keeper_server']

const configs = [...filesIn('infra/clickhouse/config.d', '.yaml'), 'infra/clickhouse/keeper.yaml'].map((path) => [path, readYaml(path)[0] as Record<string, Record<string, unknown>>] as const)
const users = filesIn('infra/clickhouse/users.d', '.yaml').map((path) => [path, readYaml(path)[0] as { profiles: Record<string, Record<string, unknown>>; users?: Record<string, { profile?: string; grants?: { query: string }[] }> }] as const)

test.each(configs)('%s names settings that the engine knows', async (_path, config) => {
  const known = await namesIn('SELECT name FROM system.server_settings')
  expect(Object.keys(config).filter((name) => !known.includes(name) && !SECTIONS.includes(name))).toEqual([])
  const ofTables = await namesIn('SELECT name FROM system.merge_tree_settings')
  expect(Object.keys(config['merge_tree'] ?? {}).filter((name) => !ofTables.includes(name))).toEqual([])
})

test.each(users)('%s names settings that the engine knows', async (_path, { profiles }) => {
  const known = await namesIn('SELECT name FROM system.settings')
  expect(known.length).toBeGreaterThan(500)
  expect(Object.values(profiles).flatMap(Object.keys).filter((name) => !known.includes(name))).toEqual([])
})

test('the grants are read by the engine, and every user has a profile that is there', async () => {
  const [[, ballast]] = users as [(typeof users)[number]]
  for (const { profile, grants = [] } of Object.values(ballast.users!)) {
    expect(['ballast', 'reader', undefined]).toContain(profile)
    for (const { query } of grants) await expect(client.command({ query: `EXPLAIN AST ${query} TO somebody` })).resolves.toBeUndefined()
  }
})

test('the tables of the cluster are read by the engine, and the cluster is the one of the configuration', async () => {
  const sql = execFileSync(process.execPath, ['--conditions=@ballast/source', 'libs/clickhouse/src/migrate-cli.ts', '--cluster', 'ballast', '--dry-run'], { cwd: root, encoding: 'utf8' })
  const statements = sql.split(/;\n/).map((statement) => statement.replaceAll(/^--.*$/gm, '').trim()).filter(Boolean)
  expect(statements.length).toBeGreaterThan(10)
  for (const statement of statements) await expect(client.command({ query: `EXPLAIN AST ${statement}` })).resolves.toBeUndefined()
  const clusters = new Set([...sql.matchAll(/ON CLUSTER `(\w+)`/g)].map(([, name]) => name))
  const cluster = readYaml('infra/clickhouse/config.d/cluster.yaml')[0] as { remote_servers: object; macros: object }
  expect([...clusters]).toEqual(Object.keys(cluster.remote_servers))
  expect(Object.keys(cluster.macros)).toEqual(['shard', 'replica'])
  expect(sql).toMatch(/Distributed\('ballast', 'otel', 'otel_traces_local', cityHash64\(TraceId\)\)/)
})

test('every metric of ClickHouse that an alert asks for is one of the engine’s', async () => {
  const rules = readText('infra/alerts/platform.rules.yml')
  const asked = (kind: string): string[] => [...new Set([...rules.matchAll(new RegExp(`ClickHouse${kind}_(\\w+)`, 'g'))].map(([, name]) => name!))]
  const metrics = await namesIn('SELECT metric AS name FROM system.metrics')
  const events = await namesIn('SELECT event AS name FROM system.events SETTINGS system_events_show_zero_values = 1')
  expect(asked('Metrics').filter((name) => !metrics.includes(name))).toEqual([])
  expect(asked('ProfileEvents').filter((name) => !events.includes(name))).toEqual([])
  // The embedded engine computes no asynchronous metrics; these are the names that the server's documentation gives.
  expect(asked('AsyncMetrics').toSorted()).toEqual(['DiskAvailable_default', 'DiskTotal_default', 'MaxPartCountForPartition', 'OSMemoryTotal', 'ReplicasMaxAbsoluteDelay'])
})

describe('the SQL of the documents', () => {
  const documents = ['README.md', ...['infra', 'apps', 'libs'].flatMap((folder) => filesIn(folder, '.md'))]
  const blocks = documents.flatMap((path) => [...readText(path).matchAll(/```sql\n([\s\S]*?)```/g)].flatMap(([, block]) => block!.split(';').map((statement) => [path, statement.trim()] as const))).filter(([, statement]) => statement !== '')

  test.each(blocks)('%s: %s', async (_path, statement) => {
    // A plan needs every table and column to be there; other statements are parsed.
    const read = statement.startsWith('SELECT') ? client.query({ query: `EXPLAIN ${statement}` }) : client.command({ query: `EXPLAIN AST ${statement}` })
    await expect(read.then(() => 'read')).resolves.toBe('read')
  })
})

test('a backup, an increment on it and a restore, by the statements of the document, bring every row back', async () => {
  const page = readText('infra/backup/README.md')
  const statement = (start: string): string => page.split('\n').find((line) => line.startsWith(start))!.replace(/;$/, '')
  const insert = (body: string, token: string): Promise<unknown> => client.insertBlock({ table: 'otel_logs', columns: ['Timestamp', 'Body'], format: 'JSONEachRow', body: Buffer.from(JSON.stringify({ Timestamp: String(BigInt(Date.now()) * 1_000_000n), Body: body })), deduplicationToken: token })
  const bodies = async (database: string): Promise<string[]> => (await client.query<{ Body: string }>({ query: `SELECT Body FROM ${database}.otel_logs ORDER BY Body` })).map(({ Body }) => Body)

  await insert('before the full backup', 'one')
  await client.command({ query: statement('BACKUP DATABASE otel TO File(') })
  await insert('since', 'two')
  await client.command({ query: statement(`BACKUP DATABASE otel TO File('hourly`) })
  await client.command({ query: statement('RESTORE DATABASE') })
  expect(await bodies('otel_restored')).toEqual(['before the full backup', 'since'])
  await client.command({ query: 'TRUNCATE TABLE otel.otel_logs' })
  await client.command({ query: statement('RESTORE TABLE otel.otel_logs') })
  expect(await bodies('otel')).toEqual(['before the full backup', 'since'])
})
