import { type ApiKey, hashKey, type KeySource } from '../src/tenants/api-key.ts'
import { type Authenticate, byKey } from '../src/tenants/authenticate.ts'

/** Keys in memory. */
export const knownKeys = (keys: Readonly<Record<string, Partial<ApiKey> & { readonly tenantId: string }>>): KeySource => {
  const byHash = new Map(Object.entries(keys).map(([key, rest]) => [hashKey(key), { hash: hashKey(key), name: '', signals: [], origins: [], expiresAtMs: undefined, ...rest }]))
  return { find: (hash) => byHash.get(hash) }
}

/** Each key is the tenant beside it. */
export const tenantsByKey = (tenants: Readonly<Record<string, string>>): Authenticate =>
  byKey([knownKeys(Object.fromEntries(Object.entries(tenants).map(([key, tenantId]) => [key, { tenantId }])))], () => 0)
