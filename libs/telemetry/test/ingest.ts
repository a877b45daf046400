import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { vi } from 'vitest'
import { type AppProcess, startApp } from '../../../scripts/stack/app-process.ts'
import { freePort } from '../../../scripts/stack/free-port.ts'

/** A real ingest with a database of its own, and what is in it. */
export interface Ingest {
  readonly endpoint: string
  /** After all that was accepted is stored. */
  rows<T>(sql: string): Promise<T[]>
  stop(): Promise<void>
}

/** Starts ingest on a real ClickHouse. */
export async function startIngest(clickhouseUrl: string): Promise<Ingest> {
  const database = `telemetry_${randomBytes(4).toString('hex')}`
  const port = await freePort()
  const journalDir = mkdtempSync(join(tmpdir(), 'ballast-telemetry-'))
  const app: AppProcess = await startApp({
    app: 'ingest',
    env: { INGEST_PORT: String(port), INGEST_GRPC_PORT: '0', INGEST_JOURNAL_DIR: journalDir, CLICKHOUSE_URL: clickhouseUrl, CLICKHOUSE_DATABASE: database, LOG_LEVEL: 'warn' },
  })
  const query = async (sql: string): Promise<string> => {
    const response = await fetch(`${clickhouseUrl}/?database=${database}`, { method: 'POST', body: sql })
    const text = await response.text()
    if (!response.ok) throw new Error(text)
    return text
  }
  const endpoint = `http://127.0.0.1:${port}`
  const settled = (): Promise<void> =>
    vi.waitFor(
      async () => {
        const [, segments] = /^ballast_ingest_journal_segments\{[^}]*\} (\d+)$/m.exec(await (await fetch(`${endpoint}/metrics`)).text()) ?? []
        if (segments !== '0') throw new Error(`${segments} segments are not stored`)
      },
      { timeout: 30_000, interval: 20 },
    )
  return {
    endpoint,
    async rows<T>(sql: string): Promise<T[]> {
      await settled()
      return (JSON.parse(await query(`${sql} FORMAT JSON`)) as { data: T[] }).data
    },
    async stop(): Promise<void> {
      await app.stop()
      rmSync(journalDir, { recursive: true })
      await query(`DROP DATABASE ${database}`)
    },
  }
}
