import type { ClickHouse } from '../client/clickhouse.ts'
import { onCluster, qualified, type SchemaTarget } from '../schema/target.ts'

/** Table that says which migrations a database has. */
export const LEDGER_TABLE = 'ballast_migrations'

/** One applied migration. Two processes at once may both have written it. */
export interface LedgerEntry {
  readonly version: number
  readonly name: string
  readonly checksum: string
}

/** The statements that create the database and its ledger. */
export function ledgerStatements(target: SchemaTarget): readonly string[] {
  // On a cluster every server holds the whole ledger: one replication path for all shards, each server a replica of it.
  const engine = target.flavour.kind === 'single' ? 'MergeTree' : `ReplicatedMergeTree('/clickhouse/tables/all/{database}/{table}', '{shard}-{replica}')`
  return [
    `CREATE DATABASE IF NOT EXISTS \`${target.database}\`${onCluster(target.flavour)}`,
    [
      `CREATE TABLE IF NOT EXISTS ${qualified(target, LEDGER_TABLE)}${onCluster(target.flavour)}`,
      '(`Version` UInt32, `Name` String, `Checksum` FixedString(64), `AppliedAt` DateTime64(3) DEFAULT now64(3))',
      `ENGINE = ${engine}`,
      'ORDER BY Version',
    ].join('\n'),
  ]
}

/** Reads what was applied, by version. */
export async function readLedger(client: ClickHouse, target: SchemaTarget): Promise<readonly LedgerEntry[]> {
  return client.query<LedgerEntry>({
    query: [
      `SELECT Version AS version, Name AS name, Checksum AS checksum FROM ${qualified(target, LEDGER_TABLE)}`,
      'GROUP BY Version, Name, Checksum ORDER BY Version',
    ].join(' '),
  })
}

/** Records one applied migration. */
export async function writeLedger(client: ClickHouse, target: SchemaTarget, entry: LedgerEntry): Promise<void> {
  await client.command({
    query: `INSERT INTO ${qualified(target, LEDGER_TABLE)} (Version, Name, Checksum) SELECT {version:UInt32}, {name:String}, {checksum:String}`,
    params: { version: entry.version, name: entry.name, checksum: entry.checksum },
    settings: { async_insert: 0 },
  })
}
