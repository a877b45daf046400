import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { SettingsError } from '@ballast/service'
import type { Signal } from '../otlp-http/signal.ts'
import { type ApiKey, isOrigin, type KeySource, SIGNALS, TENANT_NAME } from './api-key.ts'
import { WatchedFile } from './watched-file.ts'

/** One entry of the file: the tenant, or more about the key. */
type Entry = string | { readonly tenant: string; readonly name?: string; readonly signals?: readonly Signal[]; readonly origins?: readonly string[]; readonly expires?: string }

/** Keys in a JSON file, by their hashes, so that the file itself holds no key. A changed file counts within a second. */
export class KeyFile implements KeySource {
  readonly #file: WatchedFile<ReadonlyMap<string, ApiKey>>

  /**
   * @param onError - told why a changed file is not used; the keys before it stay.
   * @throws SettingsError in one sentence when the file cannot be used.
   */
  constructor(path: string, onError: (error: Error) => void, now: () => number) {
    try {
      this.#file = new WatchedFile({ path, parse: (text) => parseKeys(path, text), onError, now })
    } catch (error) {
      if (error instanceof SettingsError) throw error
      throw new SettingsError('SETTING_INVALID', [`INGEST_API_KEYS_FILE cannot be read: ${(error as Error).message}.`])
    }
  }

  find(hash: string): ApiKey | undefined {
    return this.#file.content.get(hash)
  }
}

/** Every key of the file. @throws SettingsError */
export function readKeyFile(path: string): readonly ApiKey[] {
  return [...parseKeys(path, readFileSync(path, 'utf8')).values()]
}

/** Replaces the file in one step, so that nobody reads half of it. */
export function writeKeyFile(path: string, keys: readonly ApiKey[]): void {
  const entries = keys.map(({ hash, tenantId, name, signals, origins, expiresAtMs }): [string, Entry] => [
    hash,
    { tenant: tenantId, ...(name !== '' && { name }), ...(signals.length > 0 && { signals }), ...(origins.length > 0 && { origins }), ...(expiresAtMs !== undefined && { expires: new Date(expiresAtMs).toISOString() }) },
  ])
  writeFileSync(`${path}.new`, `${JSON.stringify(Object.fromEntries(entries), undefined, 2)}\n`, { mode: 0o600 })
  renameSync(`${path}.new`, path)
}

function parseKeys(path: string, text: string): ReadonlyMap<string, ApiKey> {
  const wrong = (what: string): SettingsError =>
    new SettingsError('SETTING_INVALID', [`INGEST_API_KEYS_FILE (${path}) ${what}; it must be { "<SHA-256 of a key, 64 hex digits>": "<tenant>" }, or an object with tenant, name, signals, origins and expires in place of the tenant.`])
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
    entries.map(([hash, value], index) => {
      // A wrong name may be a key in clear, so it is not repeated.
      if (!/^[0-9a-fA-F]{64}$/.test(hash)) throw wrong(`has an entry (number ${index + 1}) that is no SHA-256 in hex`)
      const key = parseEntry(hash.toLowerCase(), value)
      if (typeof key === 'string') throw wrong(`gives entry ${index + 1} ${key}`)
      return [key.hash, key]
    }),
  )
}

/** One key, or what is wrong with it. */
function parseEntry(hash: string, value: unknown): ApiKey | string {
  const entry: unknown = typeof value === 'string' ? { tenant: value } : value
  if (entry === null || typeof entry !== 'object') return 'neither a tenant nor an object'
  const { tenant, name = '', signals = [], origins = [], expires, ...rest } = entry as Record<string, unknown>
  const [unknown] = Object.keys(rest)
  if (unknown !== undefined) return `the unknown field ${JSON.stringify(unknown)}`
  if (typeof tenant !== 'string' || !TENANT_NAME.test(tenant)) return 'a tenant that is no name of letters, digits, ".", "_" and "-"'
  if (typeof name !== 'string') return 'a name that is no text'
  if (!isListOf(signals, (each): each is Signal => SIGNALS.includes(each as Signal))) return `signals that are no list of ${SIGNALS.join(', ')}`
  if (!isListOf(origins, (each): each is string => typeof each === 'string' && isOrigin(each))) return 'origins that are no list such as ["https://shop.example"]'
  if (expires !== undefined && (typeof expires !== 'string' || Number.isNaN(Date.parse(expires)))) return 'a time of expiry that is no date in RFC 3339'
  return { hash, tenantId: tenant, name, signals, origins, expiresAtMs: expires === undefined ? undefined : Date.parse(expires) }
}

function isListOf<T>(list: unknown, is: (each: unknown) => each is T): list is readonly T[] {
  return Array.isArray(list) && list.every((each) => is(each))
}
