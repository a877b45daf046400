import { type ClickHouse, migrate } from '@ballast/clickhouse'
import type { DatabaseProbe } from './database-monitor.ts'

/** Free bytes on every disk of the server before inserts are tried again. */
const MIN_FREE_BYTES = 256 * 2 ** 20

/** Probes a real ClickHouse. With `runMigrations`, being prepared means that this process has brought the tables up to date. */
export function clickHouseProbe(client: ClickHouse, options: { readonly runMigrations: boolean; readonly onMigrated: (applied: readonly string[]) => void }): DatabaseProbe {
  return {
    async prepare(signal) {
      if (!options.runMigrations) return client.ping(signal)
      const { applied } = await migrate({ client, signal })
      options.onMigrated(applied)
    },
    ping: (signal) => client.ping(signal),
    async hasSpace(signal) {
      const [row] = await client.query<{ freeBytes: string }>({ query: 'SELECT min(unreserved_space) AS freeBytes FROM system.disks', signal })
      const freeBytes = Number(row?.freeBytes ?? 0)
      if (freeBytes < MIN_FREE_BYTES) throw new Error(`ClickHouse has no disk space left: ${Math.floor(freeBytes / 2 ** 20)} MiB free, ${MIN_FREE_BYTES / 2 ** 20} MiB needed`)
    },
  }
}
