/** Text formats and column formats a block may be written in. */
export type BlockFormat = 'JSONEachRow' | 'RowBinary' | 'Native'

/** One block of rows, ready to insert. */
export interface InsertBlock {
  readonly table: string
  /** Columns that the block holds, in its order; all insertable ones when absent. */
  readonly columns?: readonly string[]
  readonly format: BlockFormat
  /** The bytes. Sent as they are, so that a repeated insert is byte for byte the same. */
  readonly body: Uint8Array | readonly Uint8Array[]
  /** Two inserts with the same token into the same table count once. Send the same bytes with it. */
  readonly deduplicationToken: string
  /** Stores the rows in the table and in every view that takes them; a view that fails is left out. @default false */
  readonly ignoreViewErrors?: boolean
  readonly signal?: AbortSignal
  /** Deadline of this insert, milliseconds. @default requestTimeoutMs of the client */
  readonly timeoutMs?: number
}

/** What an insert wrote. */
export interface InsertSummary {
  /** Rows written, materialized views included, as the server counted them; `undefined` when it did not say. */
  readonly writtenRows: number | undefined
}

/** A statement with its parameters. */
export interface Statement {
  readonly query: string
  /** Values of `{name:Type}` in the query, bound by the server. */
  readonly params?: Readonly<Record<string, unknown>>
  readonly settings?: Readonly<Record<string, string | number>>
  readonly signal?: AbortSignal
  /** Deadline, milliseconds. @default requestTimeoutMs of the client */
  readonly timeoutMs?: number
}

/**
 * A ClickHouse server. Every method has a deadline and throws `ClickHouseError`; none retries: that is for the one layer that
 * knows what a repeat means.
 */
export interface ClickHouse {
  /** The database that unqualified names mean. */
  readonly database: string
  /** Inserts one block, whole or not at all, once per token. Resolves when the server has stored it. */
  insertBlock(block: InsertBlock): Promise<InsertSummary>
  /** Rows of a query. 64-bit integers come as decimal strings, so that none loses digits; do not write a FORMAT clause. */
  query<Row>(statement: Statement): Promise<readonly Row[]>
  /** Runs a statement without a result: DDL, settings. */
  command(statement: Statement): Promise<void>
  /** Resolves when the server answers; throws when it does not. */
  ping(signal?: AbortSignal): Promise<void>
  /** The same server, another database; close it as well. */
  withDatabase(database: string): ClickHouse
  /** Closes the connections. */
  close(): Promise<void>
}
