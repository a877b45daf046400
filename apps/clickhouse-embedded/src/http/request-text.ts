import { ClickHouseException } from '../errors.ts'
import { readStatement, type Statement } from '../query/statement.ts'

/** A request's SQL, and for an insert with data the rows that follow it. */
export interface RequestText {
  /** The SQL up to the data, latin1: one character a byte. */
  readonly sql: string
  readonly statement: Statement
  /** Rows of an insert; read it whole. Empty for other statements. */
  readonly rows: AsyncIterable<Uint8Array>
}

/**
 * Puts together the SQL of a request, from the URL and then the body, as ClickHouse does.
 *
 * @param maxSqlBytes - longest SQL without the data of an insert, bytes (`max_query_size`).
 * @throws ClickHouseException SYNTAX_ERROR when the SQL is longer or missing.
 */
export async function readRequestText(urlSql: string, body: AsyncIterable<Buffer>, maxSqlBytes: number): Promise<RequestText> {
  const chunks = body[Symbol.asyncIterator]()
  const parts: Buffer[] = urlSql === '' ? [] : [Buffer.from(urlSql)]
  let length = parts[0]?.length ?? 0
  let ended = false
  while (length <= maxSqlBytes && !ended) {
    const next = await chunks.next()
    if (next.done === true) ended = true
    else {
      // The body goes on where the URL's SQL stops, on a line of its own.
      if (parts.length === 1 && urlSql !== '') parts.push(Buffer.from('\n'))
      parts.push(next.value)
      length += next.value.length
    }
  }
  const head = Buffer.concat(parts)
  const text = head.toString('latin1')
  const statement = readStatement(text)
  if (statement.type === 'data-insert') {
    return { sql: text.slice(0, statement.headEnd), statement, rows: rowsFrom(head.subarray(statement.dataStart), chunks) }
  }
  if (!ended || length > maxSqlBytes) {
    throw ClickHouseException.of('SYNTAX_ERROR', `Max query size exceeded: the SQL is longer than max_query_size, ${maxSqlBytes} bytes.`)
  }
  if (text.trim() === '') throw ClickHouseException.of('SYNTAX_ERROR', 'Empty query: send it in the URL parameter query or in the body.')
  return { sql: text, statement, rows: rowsFrom(Buffer.alloc(0), chunks) }
}

async function* rowsFrom(first: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Uint8Array> {
  if (first.length > 0) yield first
  for (;;) {
    const next = await rest.next()
    if (next.done === true) return
    yield next.value
  }
}
