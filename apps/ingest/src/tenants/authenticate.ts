import { timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { IngestError } from '../errors.ts'
import type { Signal } from '../otlp-http/signal.ts'
import { hashKey, type KeySource, presentedKey } from './api-key.ts'

/** Tenant of everything when no keys are configured. */
export const DEFAULT_TENANT = 'default'

/** Advice to a sender whose key cannot be looked up now, seconds. */
const RETRY_AFTER_SECONDS = 2

/**
 * Says whose a request is, and whether it may be sent; without a signal, whether the key is one at all.
 *
 * @throws IngestError UNAUTHENTICATED, FORBIDDEN, or UNAVAILABLE when keys cannot be looked up.
 */
export type Authenticate = (headers: IncomingHttpHeaders, signal: Signal | undefined) => Promise<string>

/** Everybody, as one tenant. */
export const withoutKeys: Authenticate = () => Promise.resolve(DEFAULT_TENANT)

/**
 * By the key that the request shows, in the first source that has it.
 *
 * @param now - milliseconds since 1970.
 */
export function byKey(sources: readonly KeySource[], now: () => number): Authenticate {
  return async (headers, signal) => {
    const presented = presentedKey(headers)
    if (presented === undefined) throw unauthenticated('no API key')
    const hash = hashKey(presented)
    const key = await find(sources, hash)
    // The hash has been looked up by; compared once more so that no source decides by part of it.
    if (key === undefined || !timingSafeEqual(Buffer.from(key.hash), Buffer.from(hash))) throw unauthenticated('no valid API key')
    if (key.expiresAtMs !== undefined && key.expiresAtMs <= now()) throw unauthenticated('the API key has expired')
    if (signal !== undefined && key.signals.length > 0 && !key.signals.includes(signal)) throw new IngestError('FORBIDDEN', `this API key may send ${key.signals.join(' and ')} only; ${signal} need another.`)
    if (key.origins.length > 0 && !key.origins.includes(headers.origin ?? '')) throw new IngestError('FORBIDDEN', 'this API key is for pages of certain origins, and the request comes from none of them; use a key of your own.')
    return key.tenantId
  }
}

async function find(sources: readonly KeySource[], hash: string): ReturnType<KeySource['find']> {
  try {
    for (const source of sources) {
      const key = await source.find(hash)
      if (key !== undefined) return key
    }
    return undefined
  } catch (error) {
    throw new IngestError('UNAVAILABLE', 'not accepted, send again: API keys cannot be looked up now', { retryAfterSeconds: RETRY_AFTER_SECONDS, cause: error })
  }
}

function unauthenticated(what: string): IngestError {
  return new IngestError('UNAUTHENTICATED', `${what}; send one as "Authorization: Bearer <key>" or as "x-api-key".`)
}
