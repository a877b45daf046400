import type { ClickHouse } from '../client/clickhouse.ts'
import { ClickHouseError } from '../errors.ts'
import type { Flavour, SchemaTarget } from '../schema/target.ts'
import { type LedgerEntry, ledgerStatements, readLedger, writeLedger } from './ledger.ts'
import { checksum, type Migration } from './migration.ts'
import { migrations as allMigrations } from './migrations.ts'

/** The oldest server with text indexes and with deduplication that reaches materialized views. */
const OLDEST_SERVER = { major: 26, minor: 2 } as const

/** A statement may wait for every server of a cluster. Milliseconds. */
const STATEMENT_TIMEOUT_MS = 180_000

export interface MigrateOptions {
  readonly client: ClickHouse
  /** @default the client's database */
  readonly database?: string
  /** @default one server */
  readonly flavour?: Flavour
  /** Told once a migration, when it has been applied or found applied. */
  readonly onProgress?: (progress: MigrationProgress) => void
  /** @default every migration of this package */
  readonly migrations?: readonly Migration[]
  readonly signal?: AbortSignal
}

export interface MigrationProgress {
  readonly version: number
  readonly name: string
  readonly outcome: 'applied' | 'skipped'
}

/** What a run did, as `0001-initial-schema` names. */
export interface MigrationResult {
  readonly applied: readonly string[]
  readonly skipped: readonly string[]
}

/** `0001-initial-schema`: a migration's version and name. */
export function migrationLabel(migration: { readonly version: number; readonly name: string }): string {
  return `${String(migration.version).padStart(4, '0')}-${migration.name}`
}

/**
 * Brings a database to the newest schema: creates it when missing, applies what is missing, in order. Needs no lock:
 * every statement can run again, so two processes at once do the same work and come to the same end.
 *
 * @throws ClickHouseError SERVER_TOO_OLD, MIGRATION_CHANGED, LEDGER_AHEAD, or what the server says.
 */
export async function migrate(options: MigrateOptions): Promise<MigrationResult> {
  const { flavour = { kind: 'single' }, migrations = allMigrations, onProgress, signal } = options
  const target: SchemaTarget = { database: options.database ?? options.client.database, flavour }
  const bounds = { timeoutMs: STATEMENT_TIMEOUT_MS, ...(signal === undefined ? {} : { signal }) }
  // The database may not be there yet, and a request that names a missing database is refused.
  const client = options.client.withDatabase('default')
  try {
    await refuseOldServer(client)
    for (const query of ledgerStatements(target)) await client.command({ query, ...bounds })
    const ledger = await readLedger(client, target)
    verifyLedger(ledger, migrations, target)

    const result = { applied: [] as string[], skipped: [] as string[] }
    for (const migration of migrations) {
      const outcome = ledger.some((entry) => entry.version === migration.version) ? 'skipped' : 'applied'
      if (outcome === 'applied') {
        for (const query of migration.statements(target)) await client.command({ query, ...bounds })
        await writeLedger(client, target, { version: migration.version, name: migration.name, checksum: checksum(migration, flavour) })
      }
      result[outcome].push(migrationLabel(migration))
      onProgress?.({ version: migration.version, name: migration.name, outcome })
    }
    return result
  } finally {
    await client.close()
  }
}

/** Refuses a ledger that this code's migrations do not explain. */
export function verifyLedger(ledger: readonly LedgerEntry[], migrations: readonly Migration[], target: SchemaTarget): void {
  for (const entry of ledger) {
    const migration = migrations.find((each) => each.version === entry.version)
    if (migration === undefined) {
      throw new ClickHouseError(
        'LEDGER_AHEAD',
        `database ${target.database} has migration ${migrationLabel(entry)}, which this version of Ballast does not know: ` +
          'it was migrated by a newer version; run that version or a newer one.',
      )
    }
    const expected = checksum(migration, target.flavour)
    if (entry.checksum !== expected) {
      throw new ClickHouseError(
        'MIGRATION_CHANGED',
        `migration ${migrationLabel(entry)} of database ${target.database} was applied with checksum ${entry.checksum}, ` +
          `but its statements now have checksum ${expected}: an applied migration was edited, or the database was created for another layout ` +
          '(one server or a cluster); restore the migration, and make the change in a new one.',
      )
    }
  }
}

async function refuseOldServer(client: ClickHouse): Promise<void> {
  const [row] = await client.query<{ version: string }>({ query: 'SELECT version() AS version' })
  const [major = 0, minor = 0] = (row?.version ?? '').split('.').map(Number)
  if (major > OLDEST_SERVER.major || (major === OLDEST_SERVER.major && minor >= OLDEST_SERVER.minor)) return
  throw new ClickHouseError(
    'SERVER_TOO_OLD',
    `this ClickHouse is version ${row?.version ?? 'unknown'}; the schema needs ${OLDEST_SERVER.major}.${OLDEST_SERVER.minor} or newer ` +
      '(text indexes): upgrade the server.',
  )
}
