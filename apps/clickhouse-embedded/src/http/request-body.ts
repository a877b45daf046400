import type { IncomingMessage } from 'node:http'
import { pipeline, Readable, type Transform } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib'
import { ClickHouseException } from '../errors.ts'

/**
 * A request's body, inflated. Reading it fails when it grows beyond `maxBytes`, before or after inflating.
 * The request stays open after a failure, so that it can be answered.
 *
 * @throws ClickHouseException NOT_IMPLEMENTED for an unknown Content-Encoding, QUERY_IS_TOO_LARGE for a length beyond the limit.
 */
export function requestBody(request: IncomingMessage, maxBytes: number): AsyncGenerator<Buffer> {
  const declared = Number(request.headers['content-length'] ?? '0')
  if (declared > maxBytes) throw tooLarge(maxBytes)
  const raw = bounded(request.iterator({ destroyOnReturn: false }), maxBytes)
  const inflate = inflater(request.headers['content-encoding'])
  if (inflate === undefined) return raw
  return bounded(
    pipeline(Readable.from(raw), inflate, () => {}),
    maxBytes,
  )
}

function inflater(encoding: string | undefined): Transform | undefined {
  switch (encoding?.trim().toLowerCase()) {
    case undefined:
    case '':
    case 'identity':
      return undefined
    case 'gzip':
    case 'x-gzip':
      return createGunzip()
    case 'deflate':
      return createInflate()
    case 'br':
      return createBrotliDecompress()
    case 'zstd':
      return createZstdDecompress()
    default:
      throw ClickHouseException.of('NOT_IMPLEMENTED', `Content-Encoding '${encoding}' is not supported; use gzip, deflate, br, zstd, or none.`)
  }
}

async function* bounded(chunks: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<Buffer> {
  let seen = 0
  for await (const chunk of chunks) {
    seen += chunk.length
    if (seen > maxBytes) throw tooLarge(maxBytes)
    yield chunk
  }
}

function tooLarge(maxBytes: number): ClickHouseException {
  return ClickHouseException.of(
    'QUERY_IS_TOO_LARGE',
    `The request body is larger than ${maxBytes} bytes, counted after inflating too; send smaller inserts or raise CLICKHOUSE_EMBEDDED_MAX_BODY_BYTES.`,
  )
}
