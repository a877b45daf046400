import { type ClickHouse, migrate, tableNames } from '@ballast/clickhouse'
import type { DatabaseProbe } from './database-monitor.ts'

/** Free bytes on every disk of the server before inserts are tried again. */
const MIN_FREE_BYTES = 256 * 2 ** 20

export interface ClickHouseProbeOptions {
  /** Being prepared means that this process has brought the tables up to date; otherwise that they are there. */
  readonly runMigrations: boolean
  readonly onMigrated: (applied: readonly string[]) => void
}

/** Probes a real ClickHouse. */
export function clickHouseProbe(client: ClickHouse, options: ClickHouseProbeOptions): DatabaseProbe {
  return {
    async prepare(signal) {
      if (!options.runMigrations) return requireTables(client, signal)
      const { applied } = await migrate({ client, signal })
      options.onMigrated(applied)
    },
    ping: (signal) => client.ping(signal),
    async hasSpace(signal) {
      const [row] = await client.query<{ freeBytes: string }>({ query: 'SELECT min(unreserved_space) AS freeBytes FROM system.disks', signal })
      const freeBytes = Number(row?.freeBytes ?? 0)
      if (freeBytes >= MIN_FREE_BYTES) return
      throw new Error(`ClickHouse has no disk space left: ${Math.floor(freeBytes / 2 ** 20)} MiB free, ${MIN_FREE_BYTES / 2 ** 20} MiB needed`)
    },
  }
}

/** @throws Error that names the tables that are not there. */
async function requireTables(client: ClickHouse, signal: AbortSignal): Promise<void> {
  const needed = [tableNames.traces, tableNames.logs, tableNames.rejects]
  const found = await client.query<{ name: string }>({
    query: 'SELECT name FROM system.tables WHERE database = {database:String} AND name IN {needed:Array(String)}',
    params: { database: client.database, needed },
    signal,
  })
  const missing = needed.filter((name) => !found.some((row) => row.name === name))
  if (missing.length > 0) {
    const remedy = 'run the migrations (npm run migrate -w @ballast/clickhouse), or set INGEST_MIGRATE=true'
    throw new Error(`database ${client.database} has no table ${missing.join(', ')}: ${remedy}`)
  }
}
