import type { IncomingMessage } from 'node:http'
import { promisify } from 'node:util'
import { gunzip, inflate, zstdDecompress } from 'node:zlib'
import type { Reservation } from '../admission.ts'
import { IngestError } from '../errors.ts'

/** Time that the rest of a refused body has to come, milliseconds. */
const DISCARD_MS = 2000

type Inflate = (body: Uint8Array, options: { maxOutputLength: number }) => Promise<Uint8Array>

/** Content encodings that are taken. */
const INFLATERS: Readonly<Record<string, Inflate>> = {
  gzip: promisify(gunzip) as Inflate,
  'x-gzip': promisify(gunzip) as Inflate,
  deflate: promisify(inflate) as Inflate,
  zstd: promisify(zstdDecompress) as Inflate,
}

/** Whether a Content-Encoding header names something that can be read. */
export function isKnownContentEncoding(header: string | undefined): boolean {
  const name = contentEncoding(header)
  return name === 'identity' || Object.hasOwn(INFLATERS, name)
}

/**
 * Reads a request's body to its end and inflates it. Both sizes are bounded: a body that inflates without end stops at the limit.
 *
 * @throws IngestError BODY_TOO_LARGE, QUEUE_FULL, BAD_REQUEST
 */
export async function readBody(request: IncomingMessage, limitBytes: number, reservation: Reservation): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  const reserved = Number(request.headers['content-length'] ?? 0)
  try {
    // Left whole when it is refused half way: destroying the request would close the connection before the answer is sent.
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      size += chunk.length
      if (size > limitBytes) throw tooLarge(limitBytes)
      if (size > reserved && !reservation.resize(size)) throw queueFull()
      chunks.push(chunk)
    }
  } catch (error) {
    if (error instanceof IngestError) throw error
    throw new IngestError('BAD_REQUEST', 'the connection was closed before the body was complete.', { cause: error })
  }
  const body = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
  const name = contentEncoding(request.headers['content-encoding'])
  if (name === 'identity' || size === 0) return body
  const inflated = await inflateBounded(name, body, limitBytes)
  if (!reservation.resize(inflated.length)) throw queueFull()
  return inflated
}

async function inflateBounded(name: string, body: Uint8Array, limitBytes: number): Promise<Uint8Array> {
  try {
    return await INFLATERS[name]!(body, { maxOutputLength: limitBytes })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(limitBytes)
    throw new IngestError('BAD_REQUEST', `the body is not complete ${name}: ${(error as Error).message}.`, { cause: error })
  }
}

/**
 * Reads the rest of a refused body and throws it away, for a while: closing the connection under a sender that still writes would
 * take the answer away from it ("lingering close", RFC 9112, 9.6), and it would send the same again.
 *
 * @param then - called once: at its end, or when it has taken too long.
 */
export function discardBody(request: IncomingMessage, then: () => void): void {
  if (request.complete || request.readableEnded || request.destroyed) {
    then()
    return
  }
  let isOver = false
  const over = (): void => {
    if (isOver) return
    isOver = true
    clearTimeout(timer)
    then()
  }
  const timer = setTimeout(over, DISCARD_MS)
  request.once('end', over).once('close', over).resume()
}

/** No room for another request. */
export function queueFull(retryAfterSeconds = 1): IngestError {
  return new IngestError('QUEUE_FULL', 'too many bytes are being taken at once; send again after the time that Retry-After says.', { retryAfterSeconds })
}

/** The body is larger than what is taken. */
export function tooLarge(limitBytes: number): IngestError {
  const message = `the body is larger than ${limitBytes} bytes, compressed or inflated; send smaller batches, or raise INGEST_MAX_BODY_BYTES.`
  return new IngestError('BODY_TOO_LARGE', message)
}

function contentEncoding(header: string | undefined): string {
  return header === undefined || header.trim() === '' ? 'identity' : header.trim().toLowerCase()
}
