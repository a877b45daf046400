import { randomUUID } from 'node:crypto'
import { type ClickHouse, tableNames } from '@ballast/clickhouse'
import type { Signal } from '../otlp-http/signal.ts'
import type { ApiKey, KeySource } from './api-key.ts'

interface KeyRow {
  readonly Hash: string
  readonly TenantId: string
  readonly Name: string
  readonly Signals: readonly Signal[]
  readonly Origins: readonly string[]
  /** Milliseconds since 1970, as decimal digits; 0 for never. */
  readonly ExpiresAtMs: string
}

const COLUMNS = 'TenantId, Name, Signals, Origins, ExpiresAtMs, Revoked'
const NEWEST = COLUMNS.split(', ').map((column) => `argMax(${column}, ChangedAt) AS ${column}`).join(', ')

/** Time for one look, milliseconds: a sender waits for it. */
const TIMEOUT_MS = 2_000

/** Keys in ClickHouse, for all replicas of ingest. A change is a row of its own; the newest counts. */
export class KeyTable implements KeySource {
  readonly #client: Pick<ClickHouse, 'query' | 'insertBlock'>

  constructor(client: Pick<ClickHouse, 'query' | 'insertBlock'>) {
    this.#client = client
  }

  async find(hash: string): Promise<ApiKey | undefined> {
    const query = `SELECT Hash, ${NEWEST} FROM ${tableNames.apiKeys} WHERE Hash = {hash:String} GROUP BY Hash HAVING Revoked = 0`
    const [row] = await this.#client.query<KeyRow>({ query, params: { hash }, timeoutMs: TIMEOUT_MS })
    return row === undefined ? undefined : keyOf(row)
  }

  /** Every key that is not revoked, by tenant and name. */
  async list(): Promise<readonly ApiKey[]> {
    const query = `SELECT Hash, ${NEWEST} FROM ${tableNames.apiKeys} GROUP BY Hash HAVING Revoked = 0 ORDER BY TenantId, Name, Hash`
    return (await this.#client.query<KeyRow>({ query })).map(keyOf)
  }

  add(key: ApiKey): Promise<void> {
    return this.#write(key, 0)
  }

  revoke(key: ApiKey): Promise<void> {
    return this.#write(key, 1)
  }

  async #write({ hash, tenantId, name, signals, origins, expiresAtMs }: ApiKey, revoked: 0 | 1): Promise<void> {
    const row = { Hash: hash, TenantId: tenantId, Name: name, Signals: signals, Origins: origins, ExpiresAtMs: expiresAtMs ?? 0, Revoked: revoked }
    const columns = Object.keys(row)
    await this.#client.insertBlock({ table: tableNames.apiKeys, columns, format: 'JSONEachRow', body: Buffer.from(JSON.stringify(row)), deduplicationToken: randomUUID() })
  }
}

function keyOf({ Hash, TenantId, Name, Signals, Origins, ExpiresAtMs }: KeyRow): ApiKey {
  return { hash: Hash, tenantId: TenantId, name: Name, signals: Signals, origins: Origins, expiresAtMs: Number(ExpiresAtMs) || undefined }
}
