import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** A connection to the engine of this process; opaque. */
export type Connection = object & { readonly __connection?: never }

/** A running streamed query; opaque. */
export type StreamHandle = object & { readonly __stream?: never }

/** Figures of a finished statement. */
export interface StatementResult {
  readonly bytes: Uint8Array
  readonly elapsed: number
  readonly rowsRead: number
  readonly bytesRead: number
}

/** Figures of a finished insert; views' rows are counted too, as in ClickHouse. */
export interface InsertResult {
  readonly elapsed: number
  readonly rowsWritten: number
  readonly bytesWritten: number
}

/** One piece of a streamed result. */
export interface StreamPiece {
  readonly bytes: Uint8Array
  readonly numRows: number
  readonly done: boolean
}

/**
 * The part of chDB's native addon that is used here. Its public JavaScript wraps these functions, but allows neither
 * any statement beside the text formats in an insert nor counts of written rows for other statements.
 */
export interface NativeEngine {
  CreateConnection(path: string, args?: readonly string[]): Connection
  CloseConnection(connection: Connection): void
  /** Runs on the calling thread and gives text. */
  QueryWithConnection(connection: Connection, sql: string, format: string): string
  QueryAsyncConnection(connection: Connection, sql: string, format: string): Promise<StatementResult>
  /** Runs the concatenation of `prefix` and `data` as one statement. */
  InsertRawAsyncConnection(connection: Connection, prefix: string, data: Uint8Array, countLines: boolean): Promise<InsertResult>
  /** Plans the query on the calling thread; a scalar subquery runs here already. SELECT only. */
  StreamQuery(connection: Connection, sql: string, format: string): StreamHandle
  StreamFetch(stream: StreamHandle): Promise<StreamPiece>
  StreamCancel(stream: StreamHandle): void
}

/** Loads the addon that belongs to the installed chDB. */
export function loadNativeEngine(): NativeEngine {
  const require = createRequire(import.meta.url)
  const folder = dirname(require.resolve('chdb/package.json'))
  const loader = require(join(folder, 'dist/loader.js')) as { loadNative(): NativeEngine }
  return loader.loadNative()
}
