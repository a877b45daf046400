import type { ServerResponse } from 'node:http'
import type { Writable } from 'node:stream'
import { promisify } from 'node:util'
import { createGzip, gzip, type Gzip } from 'node:zlib'
import type { QueryFigures } from '../engine/engine-messages.ts'
import type { EngineFacts } from '../engine/engine.ts'
import type { ClickHouseException } from '../errors.ts'
import { contentType } from './content-type.ts'
import { errorStatus } from './error-status.ts'
import { exceptionTag, lateException } from './late-exception.ts'

/** What the response's headers say. */
export interface ResponseFacts extends EngineFacts {
  readonly queryId: string
  readonly format: string
  readonly gzip: boolean
  /** Whether the client must open a new connection for its next request; asked when the headers go out. */
  readonly isLast: () => boolean
  /** A client that takes nothing for this long is cut off, milliseconds. */
  readonly sendTimeoutMs: number
}

/** How long a refused client may go on sending before its connection closes, milliseconds. */
const LINGER_MS = 2000

const gzipWhole = promisify(gzip)

/** Writes one query's answer as ClickHouse does: headers once, rows as they come, an exception wherever it happens. */
export class QueryResponse {
  readonly #response: ServerResponse
  readonly #facts: ResponseFacts
  readonly #tag = exceptionTag()
  readonly #startedAt = process.hrtime.bigint()
  #gzip: Gzip | undefined

  constructor(response: ServerResponse, facts: ResponseFacts) {
    this.#response = response
    this.#facts = facts
  }

  /** A result that is known as a whole: its length and figures are in the headers. */
  async whole(body: Uint8Array, figures: QueryFigures): Promise<void> {
    this.#headers(200, figures)
    const bytes = this.#facts.gzip ? await gzipWhole(body) : body
    if (this.#facts.gzip) this.#response.setHeader('Content-Encoding', 'gzip')
    this.#response.setHeader('Content-Length', bytes.length)
    this.#response.end(bytes)
  }

  /** A result that was kept in a file until its query had ended. */
  async file(content: AsyncIterable<Uint8Array>, figures: QueryFigures): Promise<void> {
    this.#begin(figures)
    for await (const bytes of content) {
      if (this.#response.destroyed) return
      await this.piece(bytes)
    }
    await this.end()
  }

  /** The next piece of a result that goes out as it comes; waits for the client to take it. */
  async piece(bytes: Uint8Array): Promise<void> {
    const response = this.#response
    if (!response.headersSent) this.#begin(undefined)
    const sink = this.#gzip ?? response
    if (!sink.write(bytes) && !response.destroyed) await drained(sink, response, this.#facts.sendTimeoutMs)
  }

  /** The end of a result that went out in pieces. */
  async end(): Promise<void> {
    const ended = new Promise((resolve) => this.#response.once('close', resolve).once('finish', resolve))
    const sink = this.#gzip ?? this.#response
    sink.end()
    await ended
  }

  /** An exception: a status and its text, or, after the first rows, the marked block and a connection that breaks off. */
  async fail(exception: ClickHouseException): Promise<void> {
    const response = this.#response
    if (response.destroyed) return
    if (!response.headersSent) {
      const status = exception.httpStatus ?? errorStatus(exception.code)
      this.#headers(status, undefined)
      if (status === 503) response.setHeader('Retry-After', '1')
      response.setHeader('X-ClickHouse-Exception-Code', String(exception.number))
      response.setHeader('Content-Type', 'text/plain; charset=UTF-8')
      await this.#endUnread(Buffer.from(`${exception.toText(this.#facts.version)}\n`))
      return
    }
    const block = lateException(exception, this.#tag, this.#facts.version)
    const gzipped = this.#gzip
    if (gzipped === undefined) await new Promise((resolve) => response.write(block, resolve))
    else {
      gzipped.unpipe(response)
      gzipped.end(block)
      for await (const chunk of gzipped) await new Promise((resolve) => response.write(chunk, resolve))
    }
    // No last chunk: so a client that knows nothing of the block sees that the answer is not whole.
    response.socket?.end()
  }

  /**
   * Answers a request whose body may still be on its way: the answer goes out at once, but the connection closes only
   * when the client has stopped sending, or it might never read the answer.
   */
  async #endUnread(body: Buffer): Promise<void> {
    const response = this.#response
    const request = response.req
    response.setHeader('Content-Length', body.length)
    if (request.complete) return void response.end(body)
    response.setHeader('Connection', 'close')
    response.write(body)
    request.resume()
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, LINGER_MS)
      const settle = (): void => {
        clearTimeout(timer)
        resolve()
      }
      request.once('end', settle).once('close', settle).once('error', settle)
    })
    response.end()
  }

  #begin(figures: QueryFigures | undefined): void {
    this.#headers(200, figures)
    if (this.#facts.gzip) {
      this.#response.setHeader('Content-Encoding', 'gzip')
      this.#gzip = createGzip({ level: 3 })
      this.#gzip.pipe(this.#response)
    }
    this.#response.flushHeaders()
  }

  #headers(status: number, figures: QueryFigures | undefined): void {
    const { queryId, format, timezone, displayName, isLast } = this.#facts
    const response = this.#response
    response.statusCode = status
    if (isLast()) response.setHeader('Connection', 'close')
    response.setHeader('Content-Type', contentType(format))
    response.setHeader('X-ClickHouse-Server-Display-Name', displayName)
    response.setHeader('X-ClickHouse-Query-Id', queryId)
    response.setHeader('X-ClickHouse-Format', format)
    response.setHeader('X-ClickHouse-Timezone', timezone)
    response.setHeader('X-ClickHouse-Exception-Tag', this.#tag)
    response.setHeader('X-ClickHouse-Summary', JSON.stringify(summary(figures, process.hrtime.bigint() - this.#startedAt)))
  }
}

/** Waits until `sink` takes more, or the client is gone; cuts off a client that takes nothing. */
function drained(sink: Writable, response: ServerResponse, timeoutMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => response.destroy(), timeoutMs)
    const settle = (): void => {
      clearTimeout(timer)
      sink.off('drain', settle)
      response.off('close', settle)
      resolve()
    }
    sink.on('drain', settle)
    response.on('close', settle)
  })
}

function summary(figures: QueryFigures | undefined, elapsedNs: bigint): Record<string, string> {
  return {
    read_rows: String(figures?.readRows ?? 0),
    read_bytes: String(figures?.readBytes ?? 0),
    written_rows: String(figures?.writtenRows ?? 0),
    written_bytes: String(figures?.writtenBytes ?? 0),
    total_rows_to_read: '0',
    result_rows: String(figures?.resultRows ?? 0),
    result_bytes: String(figures?.resultBytes ?? 0),
    elapsed_ns: String(elapsedNs),
  }
}
