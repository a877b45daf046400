import { createHash, timingSafeEqual } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { IncomingHttpHeaders } from 'node:http'
import { SettingsError } from '@ballast/service'

/** Tenant of everything when no keys are configured. */
export const DEFAULT_TENANT = 'default'

const TENANT = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

/** Says which tenant a request belongs to; `undefined` when it shows no valid key. */
export type TenantOf = (headers: IncomingHttpHeaders) => string | undefined

/**
 * Reads the keys file: `{ "<SHA-256 of the key, hex>": "<tenant>" }`, so that the file itself holds no key.
 *
 * @throws SettingsError in one sentence when the file cannot be used.
 */
export function readKeys(path: string): TenantOf {
  return tenantByKey(parseKeys(path, readText(path)))
}

/** Looks a request's key up. Every key is compared, in constant time. */
export function tenantByKey(tenants: ReadonlyMap<string, string>): TenantOf {
  const entries = [...tenants].map(([hash, tenant]) => ({ hash: Buffer.from(hash, 'hex'), tenant }))
  return (headers) => {
    const key = presentedKey(headers)
    if (key === undefined) return undefined
    const hash = createHash('sha256').update(key).digest()
    let found: string | undefined
    for (const entry of entries) if (timingSafeEqual(entry.hash, hash)) found = entry.tenant
    return found
  }
}

/** `Authorization: Bearer <key>`, or `x-api-key`. */
function presentedKey(headers: IncomingHttpHeaders): string | undefined {
  const bearer = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1]
  const header = headers['x-api-key']
  return bearer ?? (typeof header === 'string' && header !== '' ? header : undefined)
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new SettingsError('SETTING_INVALID', [`INGEST_API_KEYS_FILE cannot be read: ${(error as Error).message}.`])
  }
}

function parseKeys(path: string, text: string): ReadonlyMap<string, string> {
  const wrong = (what: string): SettingsError =>
    new SettingsError('SETTING_INVALID', [`INGEST_API_KEYS_FILE (${path}) ${what}; it must be { "<SHA-256 of a key, 64 hex digits>": "<tenant>" }.`])
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    throw wrong('is not JSON')
  }
  if (parsed === null || typeof parsed !== 'object' || Array.isArray(parsed)) throw wrong('is not a JSON object')
  const entries = Object.entries(parsed)
  if (entries.length === 0) throw wrong('holds no key')
  return new Map(
    entries.map(([hash, tenant], index) => {
      // A wrong name may be a key in clear, so it is not repeated.
      if (!/^[0-9a-fA-F]{64}$/.test(hash)) throw wrong(`has an entry (number ${index + 1}) that is no SHA-256 in hex`)
      if (typeof tenant !== 'string' || !TENANT.test(tenant)) {
        throw wrong(`gives entry ${index + 1} a tenant that is no name of letters, digits, ".", "_" and "-"`)
      }
      return [hash.toLowerCase(), tenant]
    }),
  )
}
