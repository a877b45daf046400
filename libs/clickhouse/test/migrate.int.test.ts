import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, expect, inject, test } from 'vitest'
import { type ClickHouse, createClickHouse, materializedViews, migrate, type Migration, migrations, tables } from '../src/index.ts'

const run = promisify(execFile)
const cli = fileURLToPath(new URL('../src/migrate-cli.ts', import.meta.url))
const clients: ClickHouse[] = []

function fresh(name: string): ClickHouse {
  const client = createClickHouse({ url: inject('clickhouseUrl'), database: `migrate_${name}_${process.pid}` })
  clients.push(client)
  return client
}

afterEach(async () => {
  for (const client of clients.splice(0)) {
    const admin = client.withDatabase('default')
    await admin.command({ query: `DROP DATABASE IF EXISTS ${client.database}` })
    await Promise.all([admin.close(), client.close()])
  }
})

async function tablesOf(client: ClickHouse): Promise<number> {
  return (await client.query({ query: 'SELECT name FROM system.tables WHERE database = {database:String}', params: { database: client.database } })).length
}

/** Every table and view, and the ledger. */
const TABLES = Object.keys(tables).length + materializedViews.length + 1
const every = migrations.map(({ version, name }) => `${String(version).padStart(4, '0')}-${name}`)

test('a second run finds everything applied', async () => {
  const client = fresh('twice')
  expect(await migrate({ client })).toEqual({ applied: every, skipped: [] })
  expect(await migrate({ client })).toEqual({ applied: [], skipped: every })
})

test('a run that stopped half way is finished by the next', async () => {
  const client = fresh('half')
  const [first] = migrations
  const broken: Migration = { ...first!, statements: (target) => [...first!.statements(target).slice(0, 4), 'CREATE TABLE IF NOT EXISTS'] }
  await expect(migrate({ client, migrations: [broken] })).rejects.toMatchObject({ code: 'REFUSED' })
  expect(await migrate({ client })).toMatchObject({ applied: every })
})

test('two processes at once both succeed, and leave one schema', async () => {
  const client = fresh('race')
  const env = { ...process.env, CLICKHOUSE_URL: inject('clickhouseUrl'), CLICKHOUSE_DATABASE: client.database }
  const command = () => run(process.execPath, ['--conditions=@ballast/source', cli], { env })
  const results = await Promise.all([command(), command()])
  for (const { stdout } of results) expect(stdout).toContain(`${client.database} is up to date`)
  expect(await migrate({ client })).toEqual({ applied: [], skipped: every })
  expect(await tablesOf(client)).toBe(TABLES)
})

test('an applied migration that was edited is refused, and nothing is changed', async () => {
  const client = fresh('edited')
  await migrate({ client })
  const [first] = migrations
  const edited: Migration = { ...first!, statements: (target) => [...first!.statements(target), `CREATE TABLE IF NOT EXISTS ${target.database}.extra (x Int8) ENGINE = Memory`] }
  await expect(migrate({ client, migrations: [edited] })).rejects.toMatchObject({ code: 'MIGRATION_CHANGED' })
  await expect(migrate({ client, migrations: [] })).rejects.toMatchObject({ code: 'LEDGER_AHEAD' })
  expect(await tablesOf(client)).toBe(TABLES)
})

test('the command explains itself, prints the SQL without a server, and fails in a sentence', async () => {
  const command = (args: string[], env: Record<string, string> = {}) => run(process.execPath, ['--conditions=@ballast/source', cli, ...args], { env: { PATH: process.env['PATH'] ?? '', ...env } })
  expect((await command(['--help'])).stdout).toContain('--dry-run')
  const dry = (await command(['--dry-run', '--cluster', 'blue'], { CLICKHOUSE_URL: 'http://127.0.0.1:1' })).stdout
  expect(dry).toContain('-- 0001-initial-schema')
  expect(dry).toContain('ON CLUSTER `blue`')
  await expect(command(['--nope'])).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining('--help') as string })
  await expect(command([], { CLICKHOUSE_URL: 'http://127.0.0.1:1' })).rejects.toMatchObject({ code: 1, stderr: expect.stringMatching(/^ClickHouse does not answer: .*\n$/) as string })
})
