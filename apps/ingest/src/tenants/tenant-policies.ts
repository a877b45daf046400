import { SettingsError } from '@ballast/service'
import type { IngestConfig } from '../config.ts'
import type { QuotaLimits } from '../quotas/tenant-quota.ts'
import { TENANT_NAME } from './api-key.ts'
import { WatchedFile } from './watched-file.ts'

/** What one tenant may and gets. */
export interface TenantPolicy extends QuotaLimits {
  /** Its part of ingest's time when there is too much to do, beside those of the others. */
  readonly weight: number
  /** Of so many records one is stored; 1 is all. */
  readonly sampleRate: number
}

/** Policies by tenant. */
export interface TenantPolicies {
  /** The same object as long as the policy is the same. */
  of(tenantId: string): TenantPolicy
}

/** Fields of a tenant in the file, with the smallest and the largest value of each. */
const FIELDS: Readonly<Record<string, readonly [number, number]>> = {
  weight: [1, 1000],
  bytesPerSecond: [0, 2 ** 40],
  recordsPerSecond: [0, 1e9],
  burst: [1, 1000],
  burstMs: [0, 86_400_000],
  sampleRate: [1, 1_000_000],
}

/**
 * What all tenants get, and what those of the file get instead. A changed file counts within a second.
 *
 * @param onError - told why a changed file is not used; what was before stays.
 * @throws SettingsError in one sentence when the file cannot be used.
 */
export function readTenantPolicies(config: Pick<IngestConfig, 'tenantsFile' | 'quotaBytes' | 'quotaRecords' | 'quotaBurst' | 'quotaBurstTimeMs' | 'sampleRate'>, onError: (error: Error) => void, now: () => number): TenantPolicies {
  const everybody: TenantPolicy = { weight: 1, bytesPerSecond: config.quotaBytes, recordsPerSecond: config.quotaRecords, burst: config.quotaBurst, burstMs: config.quotaBurstTimeMs, sampleRate: config.sampleRate }
  const { tenantsFile: path } = config
  if (path === '') return { of: () => everybody }
  try {
    const file = new WatchedFile({ path, parse: (text) => parse(path, text, everybody), onError, now })
    return { of: (tenantId) => file.content.get(tenantId) ?? everybody }
  } catch (error) {
    if (error instanceof SettingsError) throw error
    throw new SettingsError('SETTING_INVALID', [`INGEST_TENANTS_FILE cannot be read: ${(error as Error).message}.`])
  }
}

function parse(path: string, text: string, everybody: TenantPolicy): ReadonlyMap<string, TenantPolicy> {
  const wrong = (what: string): SettingsError => new SettingsError('SETTING_INVALID', [`INGEST_TENANTS_FILE (${path}) ${what}; it must be { "<tenant>": { ${Object.keys(FIELDS).map((field) => `"${field}": <number>`).join(', ')} } }, each of which may be left out.`])
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    throw wrong('is not JSON')
  }
  if (parsed === null || typeof parsed !== 'object' || Array.isArray(parsed)) throw wrong('is not a JSON object')
  return new Map(
    Object.entries(parsed).map(([tenantId, policy]) => {
      if (!TENANT_NAME.test(tenantId)) throw wrong(`names the tenant ${JSON.stringify(tenantId)}, which is no name of letters, digits, ".", "_" and "-"`)
      if (policy === null || typeof policy !== 'object') throw wrong(`gives ${tenantId} no object`)
      for (const [field, value] of Object.entries(policy as Record<string, unknown>)) {
        const bounds = Object.hasOwn(FIELDS, field) ? FIELDS[field] : undefined
        if (bounds === undefined) throw wrong(`gives ${tenantId} the unknown field ${JSON.stringify(field)}`)
        if (typeof value !== 'number' || !(value >= bounds[0] && value <= bounds[1])) throw wrong(`gives ${tenantId} a ${field} that is no number from ${bounds[0]} to ${bounds[1]}`)
      }
      return [tenantId, { ...everybody, ...(policy as Partial<TenantPolicy>) }]
    }),
  )
}
