import { hash, randomBytes } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { Signal } from '../otlp-http/signal.ts'

/** What is known of a key. The key itself is nowhere: it has 256 random bits, so its SHA-256 cannot be turned back, and needs no salt. */
export interface ApiKey {
  /** SHA-256 of the key, 64 hex digits. */
  readonly hash: string
  readonly tenantId: string
  /** For people: where the key is used. */
  readonly name: string
  /** What may be sent with it; empty is everything. */
  readonly signals: readonly Signal[]
  /** Origins whose pages may send with it; empty is any sender. With origins it is good for nothing else. */
  readonly origins: readonly string[]
  /** From then on it is no key any more, milliseconds since 1970. */
  readonly expiresAtMs: number | undefined
}

/** Where keys are looked up. */
export interface KeySource {
  /** The key with this hash; `undefined` when there is none. No promise when it is known already. Rejects when it cannot be found out now. */
  find(hash: string): ApiKey | undefined | Promise<ApiKey | undefined>
}

/** What a tenant may be called. */
export const TENANT_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

/** Every signal that a key can be bound to. */
export const SIGNALS: readonly Signal[] = ['traces', 'logs', 'metrics']

/** A new key: recognisable by secret scanners, and not to be guessed. */
export function newKey(): string {
  return `blst_${randomBytes(32).toString('base64url')}`
}

export function hashKey(key: string): string {
  return hash('sha256', key)
}

/** The key that a request shows: `Authorization: Bearer <key>`, or `x-api-key`. */
export function presentedKey(headers: IncomingHttpHeaders): string | undefined {
  const bearer = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1]
  const header = headers['x-api-key']
  return bearer ?? (typeof header === 'string' && header !== '' ? header : undefined)
}

/** Whether a text is an origin as browsers send it: scheme and host, no path. */
export function isOrigin(text: string): boolean {
  return /^https?:\/\/[^\s/,*]+$/.test(text)
}
