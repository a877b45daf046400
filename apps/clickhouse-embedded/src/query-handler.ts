import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Logger } from '@ballast/service'
import { authenticate } from './auth.ts'
import type { EmbeddedConfig } from './config.ts'
import type { EngineQuery } from './engine/engine-messages.ts'
import type { Engine } from './engine/engine.ts'
import { ClickHouseException } from './errors.ts'
import { isMultipart, withFormFields } from './http/multipart-query.ts'
import { type QueryRequest, readQueryRequest } from './http/query-request.ts'
import { QueryResponse } from './http/query-response.ts'
import { requestBody } from './http/request-body.ts'
import { readRequestText, type RequestText } from './http/request-text.ts'
import { sendResult } from './http/result-sender.ts'
import { insertFromFile, oneBlockSettings } from './insert/insert-sql.ts'
import type { Spool } from './insert/spool.ts'
import { errorLabel, type QueryMetrics } from './query-metrics.ts'
import { isRowFormat } from './query/row-formats.ts'
import type { Statement } from './query/statement.ts'

/** ClickHouse's default of max_query_size, bytes. */
const DEFAULT_MAX_QUERY_BYTES = 262_144

const DEFAULT_FORMAT = 'TabSeparated'

/** A result that cannot be streamed is made in memory: up to 256 MiB, unless the query says otherwise. */
const wholeResultSettings: EngineQuery['settings'] = [['max_result_bytes', String(256 * 2 ** 20)]]

/** What handling queries needs. */
export interface QueryHandlerOptions {
  readonly config: EmbeddedConfig
  readonly engine: Engine
  readonly spool: Spool
  readonly metrics: QueryMetrics
  readonly log: Logger
  /** Whether the server is on its way down, so that connections close after their answer. */
  readonly isStopping: () => boolean
}

/** What is known of a request so far, for its answer and its metrics. */
interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly gone: AbortSignal
  query: QueryRequest | undefined
  text: RequestText | undefined
  /** The answer once the query runs; it knows how far it has got. */
  answer: QueryResponse | undefined
}

/** Answers requests for queries. */
export class QueryHandler {
  readonly #options: QueryHandlerOptions
  #inFlight = 0

  constructor(options: QueryHandlerOptions) {
    this.#options = options
  }

  /** Handles a request to the end; every failure becomes an answer. Never rejects. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { metrics, log } = this.#options
    const startedAt = performance.now()
    const gone = new AbortController()
    response.once('close', () => gone.abort())
    const exchange: Exchange = { request, response, gone: gone.signal, query: undefined, text: undefined, answer: undefined }
    let outcome = 'none'
    this.#inFlight++
    try {
      await this.#answer(exchange)
      if (gone.signal.aborted && !response.writableFinished) outcome = 'CLIENT_GONE'
    } catch (error) {
      const exception = asException(error)
      outcome = gone.signal.aborted ? 'CLIENT_GONE' : errorLabel(exception)
      if (exception.code === 'LOGICAL_ERROR' && outcome !== 'CLIENT_GONE') log.error({ err: error }, 'query failed unexpectedly')
      await (exchange.answer ?? this.#response(exchange)).fail(exception)
    } finally {
      this.#inFlight--
      metrics.answered(exchange.text?.statement.type ?? 'unread', outcome, (performance.now() - startedAt) / 1000)
    }
  }

  async #answer(exchange: Exchange): Promise<void> {
    const { config } = this.#options
    const { request } = exchange
    let url = new URL(request.url ?? '/', 'http://embedded')
    authenticate(config, url, request.headers)
    const limit = config.maxConcurrentQueries + config.maxQueuedQueries
    if (this.#inFlight > limit) {
      throw ClickHouseException.of('TOO_MANY_SIMULTANEOUS_QUERIES', `Too many simultaneous queries: ${limit} are in progress; try again later.`, { httpStatus: 503 })
    }
    const multipart = isMultipart(request)
    if (multipart) url = await withFormFields(request, url)
    const query = readQueryRequest(request.method ?? 'GET', url, request.headers)
    exchange.query = query
    const body = multipart ? noBody() : this.#counted(requestBody(request, config.maxBodyBytes))
    exchange.text = await readRequestText(query.sql, body, maxQueryBytes(query))
    await this.#execute(exchange, query, exchange.text)
  }

  async #execute(exchange: Exchange, query: QueryRequest, text: RequestText): Promise<void> {
    const { statement, sql } = text
    switch (statement.type) {
      case 'refused':
        throw ClickHouseException.of('NOT_IMPLEMENTED', statement.reason)
      case 'data-insert':
        return this.#options.spool.with(text.rows, (path) =>
          this.#options.engine.insertInTurn(exchange.gone, () => this.#run(exchange, query, 'insert', insertFromFile(sql, statement, path), oneBlockSettings)),
        )
      case 'insert':
      case 'rows':
      case 'statement': {
        const whole = statement.type === 'rows' && !isRowFormat(formatOf(query, statement))
        return this.#run(exchange, query, whole ? 'statement' : statement.type, Buffer.from(sql, 'latin1').toString('utf8'), whole ? wholeResultSettings : [])
      }
    }
  }

  async #run(exchange: Exchange, query: QueryRequest, mode: EngineQuery['mode'], sql: string, defaults: EngineQuery['settings']): Promise<void> {
    const { config, engine, metrics, spool } = this.#options
    const run = await engine.run(
      {
        mode,
        sql,
        format: query.defaultFormat ?? DEFAULT_FORMAT,
        database: query.database === '' ? undefined : query.database,
        settings: [
          ['max_execution_time', String(config.maxExecutionTimeMs / 1000)],
          ['max_memory_usage', String(config.maxMemoryBytes)],
          ...defaults,
          ...query.settings,
          // A plain insert is done when it is answered, which is more than async_insert promises.
          ['async_insert', '0'],
        ],
        parameters: query.parameters,
        readonly: query.readonly,
      },
      exchange.gone,
    )
    const cancel = (): void => void run.cancel()
    if (exchange.gone.aborted) cancel()
    else exchange.gone.addEventListener('abort', cancel, { once: true })
    try {
      exchange.answer = this.#response(exchange)
      const figures = await sendResult(run, query, exchange.answer, spool, exchange.gone)
      metrics.rowsWritten(figures.writtenRows)
    } finally {
      exchange.gone.removeEventListener('abort', cancel)
      await run.cancel()
    }
  }

  #response({ request, response, query, text }: Exchange): QueryResponse {
    const { config, engine, isStopping } = this.#options
    const acceptsGzip = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''))
    return new QueryResponse(response, {
      ...engine.facts,
      queryId: query?.queryId ?? randomUUID(),
      format: formatOf(query, text?.statement),
      gzip: query?.compressResponse === true && acceptsGzip,
      isLast: isStopping,
      sendTimeoutMs: config.sendTimeoutMs,
    })
  }

  async *#counted(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      this.#options.metrics.bytesReceived(chunk.length)
      yield chunk
    }
  }
}

function formatOf(query: QueryRequest | undefined, statement: Statement | undefined): string {
  const named = statement?.type === 'rows' || statement?.type === 'statement' ? statement.format : undefined
  return named ?? query?.defaultFormat ?? DEFAULT_FORMAT
}

async function* noBody(): AsyncGenerator<Buffer> {}

function maxQueryBytes(query: QueryRequest): number {
  const asked = query.settings.findLast(([name]) => name === 'max_query_size')?.[1]
  return asked !== undefined && /^[1-9]\d{0,8}$/.test(asked) ? Number(asked) : DEFAULT_MAX_QUERY_BYTES
}

function asException(error: unknown): ClickHouseException {
  if (error instanceof ClickHouseException) return error
  const message = error instanceof Error ? error.message : String(error)
  const code = (error as { code?: unknown } | null)?.code
  if (typeof code === 'string' && /^Z_|^ERR_.*(ZLIB|BROTLI|ZSTD)|^ZSTD_/.test(code)) {
    return ClickHouseException.of('INCORRECT_DATA', `The body cannot be inflated: ${message}.`, { cause: error })
  }
  return ClickHouseException.of('LOGICAL_ERROR', message, { cause: error })
}
