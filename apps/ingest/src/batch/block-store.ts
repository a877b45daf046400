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
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/** Where batches go: ClickHouse, or a fake in tests. Throws `ClickHouseError`. */
export interface BlockStore {
  insertBlock(batch: StoredBatch): Promise<unknown>
}

/** What became of one block. */
export type InsertOutcome =
  | { readonly kind: 'stored' }
  /** ClickHouse cannot take this data, ever. */
  | { readonly kind: 'bad-data'; readonly message: string }
  /** Not stored now, as far as is known; worth sending again. */
  | { readonly kind: 'unavailable'; readonly message: string }
