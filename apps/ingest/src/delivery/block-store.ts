import type { BlockFormat } from '@ballast/clickhouse'

/** Rows of one request for one table. */
export interface Block {
  readonly table: string
  readonly columns: readonly string[]
  readonly format: BlockFormat
  readonly body: Uint8Array
  readonly rows: number
}

/** One insert. */
export interface StoredBatch {
  readonly table: string
  readonly columns: readonly string[]
  readonly format: BlockFormat
  readonly body: readonly Uint8Array[]
  readonly deduplicationToken: string
  readonly ignoreViewErrors?: boolean
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/** Where segments go: ClickHouse, or a fake in tests. Throws `ClickHouseError`. */
export interface BlockStore {
  insertBlock(batch: StoredBatch): Promise<unknown>
}
