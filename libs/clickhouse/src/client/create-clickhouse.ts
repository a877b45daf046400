import { Readable } from 'node:stream'
import { ClickHouseLogLevel, createClient } from '@clickhouse/client'
import { identifier } from '../schema/target.ts'
import { classifyError } from './classify-error.ts'
import type { ClickHouse, InsertBlock, InsertSummary, Statement } from './clickhouse.ts'
import { type ClickHouseOptions, resolveClickHouseOptions } from './options.ts'

/** An idle connection is closed by us before the server closes it: its keep-alive is 3 s in older versions, 10 s and more in newer ones. */
const IDLE_CONNECTION_MS = 2500

/** Settings that make an insert one synchronous, deduplicated block. */
const INSERT_SETTINGS = {
  // On by default since 26.3; a large block that waits for others gains nothing and changes what a token means.
  async_insert: 0,
  insert_deduplicate: 1,
  deduplicate_blocks_in_dependent_materialized_views: 1,
  // Through a Distributed table: answer after the shards have the rows, not after the local queue has.
  distributed_foreground_insert: 1,
  // The parser must cut the same bytes into the same blocks each time, because a token names blocks by number.
  input_format_parallel_parsing: 0,
} as const

/** Settings of every query. */
const QUERY_SETTINGS = { output_format_json_quote_64bit_integers: 1 } as const

/**
 * A client for one ClickHouse server over HTTP. Connects when first used.
 *
 * @throws TypeError when an option cannot be read.
 */
export function createClickHouse(options: ClickHouseOptions = {}): ClickHouse {
  const resolved = resolveClickHouseOptions(options)
  const client = createClient({
    url: resolved.url,
    database: resolved.database,
    username: resolved.username,
    password: resolved.password,
    application: resolved.application,
    request_timeout: resolved.requestTimeoutMs,
    max_open_connections: resolved.maxConnections,
    // Parameters that are too long for a URL go in the body.
    use_multipart_params_auto: true,
    compression: { request: resolved.compression, response: resolved.compression },
    keep_alive: { enabled: true, idle_socket_ttl: IDLE_CONNECTION_MS, eagerly_destroy_stale_sockets: true },
    clickhouse_settings: { ...resolved.settings },
    // Every failure is thrown to the caller, who knows what it means; the driver's own log would say it twice.
    log: { level: ClickHouseLogLevel.OFF },
  })

  /** Runs one request under its deadline and gives its error a code. */
  async function request<T>(bounds: { signal?: AbortSignal; timeoutMs?: number }, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const timeoutMs = bounds.timeoutMs ?? resolved.requestTimeoutMs
    const deadline = AbortSignal.timeout(timeoutMs)
    const signal = bounds.signal === undefined ? deadline : AbortSignal.any([deadline, bounds.signal])
    try {
      signal.throwIfAborted()
      // Raced as well: the driver hears an abort at some points of a request only.
      return await Promise.race([run(signal), aborted(signal)])
    } catch (error) {
      throw classifyError(error, { aborted: bounds.signal?.aborted === true, timedOut: deadline.aborted, timeoutMs })
    }
  }

  return {
    database: resolved.database,

    insertBlock(block: InsertBlock): Promise<InsertSummary> {
      return request(block, async (signal) => {
        const columns = block.columns === undefined ? '' : ` (${block.columns.map(identifier).join(', ')})`
        const result = await client.exec({
          query: `INSERT INTO ${identifier(block.table)}${columns} FORMAT ${block.format}`,
          values: Readable.from(chunks(block.body), { objectMode: false }),
          abort_signal: signal,
          clickhouse_settings: { ...INSERT_SETTINGS, insert_deduplication_token: block.deduplicationToken, ...(block.ignoreViewErrors === true && { materialized_views_ignore_errors: 1 }) },
        })
        // The answer is read to its end: an error may come late, and the connection is free only then.
        for await (const _ of result.stream);
        return { writtenRows: result.summary === undefined ? undefined : Number(result.summary.written_rows) }
      })
    },

    query<Row>(statement: Statement): Promise<readonly Row[]> {
      return request(statement, async (signal) => {
        const result = await client.query({
          query: statement.query,
          format: 'JSONEachRow',
          abort_signal: signal,
          clickhouse_settings: { ...QUERY_SETTINGS, ...statement.settings },
          ...(statement.params === undefined ? {} : { query_params: statement.params }),
        })
        return result.json<Row>()
      })
    },

    command(statement: Statement): Promise<void> {
      return request(statement, async (signal) => {
        await client.command({
          query: statement.query,
          abort_signal: signal,
          clickhouse_settings: { ...statement.settings },
          ...(statement.params === undefined ? {} : { query_params: statement.params }),
        })
      })
    },

    ping(signal?: AbortSignal): Promise<void> {
      return request(signal === undefined ? {} : { signal }, async (combined) => {
        const result = await client.ping({ select: false, abort_signal: combined })
        if (!result.success) throw result.error
      })
    },

    withDatabase: (database) => createClickHouse({ ...options, database }),

    close: () => client.close(),
  }
}

function chunks(body: InsertBlock['body']): readonly Uint8Array[] {
  return body instanceof Uint8Array ? [body] : body
}

/** Rejects when the signal is aborted. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const fail = (): void => reject(new Error('aborted', { cause: signal.reason }))
    if (signal.aborted) fail()
    else signal.addEventListener('abort', fail, { once: true })
  })
}
