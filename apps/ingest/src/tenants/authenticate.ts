import type { IncomingHttpHeaders } from 'node:http'
import { IngestError } from '../errors.ts'
import type { Signal } from '../otlp-http/signal.ts'
import { type ApiKey, hashKey, type KeySource, presentedKey } from './api-key.ts'

/** Tenant of everything when no keys are configured. */
export const DEFAULT_TENANT = 'default'

/** Advice to a sender whose key cannot be looked up now, seconds. */
const RETRY_AFTER_SECONDS = 2

/**
 * Says whose a request is, and whether it may be sent; without a signal, whether the key is one at all. No promise when that is
 * known already.
 *
 * @throws IngestError UNAUTHENTICATED, FORBIDDEN, or UNAVAILABLE when keys cannot be looked up; rejects with it where it must wait.
 */
export type Authenticate = (headers: IncomingHttpHeaders, signal: Signal | undefined) => string | Promise<string>

/** Everybody, as one tenant. */
export const withoutKeys: Authenticate = () => DEFAULT_TENANT

/**
 * By the key that the request shows, in the first source that has it.
 *
 * @param now - milliseconds since 1970.
 */
export function byKey(sources: readonly KeySource[], now: () => number): Authenticate {
  const tenantOf = (key: ApiKey | undefined, hash: string, headers: IncomingHttpHeaders, signal: Signal | undefined): string => {
    // Compared once more, so that no source decides by part of it. How long that takes tells of the hash, of which nobody makes a key.
    if (key === undefined || key.hash !== hash) throw unauthenticated('no valid API key')
    if (key.expiresAtMs !== undefined && key.expiresAtMs <= now()) throw unauthenticated('the API key has expired')
    if (signal !== undefined && key.signals.length > 0 && !key.signals.includes(signal)) throw new IngestError('FORBIDDEN', `this API key may send ${key.signals.join(' and ')} only; ${signal} need another.`)
    if (key.origins.length > 0 && !key.origins.includes(headers.origin ?? '')) throw new IngestError('FORBIDDEN', 'this API key is for pages of certain origins, and the request comes from none of them; use a key of your own.')
    return key.tenantId
  }
  return (headers, signal) => {
    const presented = presentedKey(headers)
    if (presented === undefined) throw unauthenticated('no API key')
    const hash = hashKey(presented)
    const key = find(sources, hash)
    return key instanceof Promise ? key.then((found) => tenantOf(found, hash, headers, signal)) : tenantOf(key, hash, headers, signal)
  }
}

function find(sources: readonly KeySource[], hash: string): ReturnType<KeySource['find']> {
  for (const [index, source] of sources.entries()) {
    const key = source.find(hash)
    if (key instanceof Promise) return findLater(key, sources.slice(index + 1), hash)
    if (key !== undefined) return key
  }
  return undefined
}

async function findLater(first: Promise<ApiKey | undefined>, others: readonly KeySource[], hash: string): Promise<ApiKey | undefined> {
  try {
    return (await first) ?? (await find(others, hash))
  } catch (error) {
    throw new IngestError('UNAVAILABLE', 'not accepted, send again: API keys cannot be looked up now', { retryAfterSeconds: RETRY_AFTER_SECONDS, cause: error })
  }
}

function unauthenticated(what: string): IngestError {
  return new IngestError('UNAUTHENTICATED', `${what}; send one as "Authorization: Bearer <key>" or as "x-api-key".`)
}
