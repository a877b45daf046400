import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { createClickHouse } from './client/create-clickhouse.ts'
import { clickHouseDefaults } from './client/options.ts'
import { ledgerStatements } from './migrations/ledger.ts'
import { migrate, migrationLabel } from './migrations/migrate.ts'
import { migrations } from './migrations/migrations.ts'
import type { Flavour } from './schema/target.ts'

const HELP = `Creates the database and brings its tables to the newest version. Safe to run again, and by several processes at once.

  npm run migrate -w @ballast/clickhouse -- [options]

  --cluster NAME   lay the tables out for this cluster: replicated local tables under Distributed ones
  --dry-run        print the SQL of every migration; connect to nothing
  --help           this text

  CLICKHOUSE_URL        HTTP address (default: ${clickHouseDefaults.url})
  CLICKHOUSE_DATABASE   database (default: ${clickHouseDefaults.database})
  CLICKHOUSE_USER       user (default: ${clickHouseDefaults.username})
  CLICKHOUSE_PASSWORD   password (default: none); CLICKHOUSE_PASSWORD_FILE names a file that holds it
`

type Environment = Readonly<Record<string, string | undefined>>

/** Runs the command; returns its exit code: 0 done, 1 failed, 2 wrong arguments. */
async function run(args: readonly string[], env: Environment): Promise<number> {
  let options: { cluster?: string | undefined; 'dry-run'?: boolean | undefined; help?: boolean | undefined }
  try {
    options = parseArgs({
      args: [...args],
      options: { cluster: { type: 'string' }, 'dry-run': { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
    }).values
  } catch (error) {
    return fail(`${(error as Error).message}\nSee --help.`, 2)
  }
  if (options.help === true) return print(HELP)
  const flavour: Flavour = options.cluster === undefined ? { kind: 'single' } : { kind: 'cluster', cluster: options.cluster }
  const database = setting(env, 'CLICKHOUSE_DATABASE') ?? clickHouseDefaults.database
  if (options['dry-run'] === true) return print(sql({ database, flavour }))
  try {
    return await apply(env, database, flavour)
  } catch (error) {
    return fail((error as Error).message, 1)
  }
}

async function apply(env: Environment, database: string, flavour: Flavour): Promise<number> {
  const client = createClickHouse({
    url: setting(env, 'CLICKHOUSE_URL') ?? clickHouseDefaults.url,
    username: setting(env, 'CLICKHOUSE_USER') ?? clickHouseDefaults.username,
    password: password(env),
    database,
    application: 'ballast-migrate',
  })
  try {
    const { applied } = await migrate({
      client,
      flavour,
      onProgress: (step) => void print(`${migrationLabel(step)} ${step.outcome === 'applied' ? 'applied' : 'was applied before'}\n`),
    })
    return print(`${database} is up to date; ${applied.length === 0 ? 'nothing was to do' : `applied: ${applied.join(', ')}`}.\n`)
  } finally {
    await client.close()
  }
}

function sql(target: { database: string; flavour: Flavour }): string {
  const sections = [['ledger', ledgerStatements(target)] as const, ...migrations.map((each) => [migrationLabel(each), each.statements(target)] as const)]
  return sections.map(([label, statements]) => `-- ${label}\n${statements.map((statement) => `${statement};\n`).join('\n')}`).join('\n')
}

function password(env: Environment): string {
  const file = setting(env, 'CLICKHOUSE_PASSWORD_FILE')
  return file === undefined ? (env['CLICKHOUSE_PASSWORD'] ?? clickHouseDefaults.password) : readFileSync(file, 'utf8').trim()
}

function setting(env: Environment, variable: string): string | undefined {
  const value = env[variable]?.trim()
  return value === '' ? undefined : value
}

function print(text: string): 0 {
  process.stdout.write(text)
  return 0
}

function fail(message: string, code: number): number {
  process.stderr.write(`${message}\n`)
  return code
}

// oxlint-disable-next-line no-process-env -- the entry point of a command
process.exitCode = await run(process.argv.slice(2), process.env)
