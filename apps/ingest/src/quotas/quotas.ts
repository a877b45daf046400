import { IngestError } from '../errors.ts'
import { type QuotaLimits, TenantQuota } from './tenant-quota.ts'

/** Longest time that a sender is told to wait, seconds: quotas may be raised meanwhile. */
const MAX_RETRY_AFTER_SECONDS = 60

/** Tenants without a request for so long are forgotten; their buckets are full again by then. Milliseconds. */
const FORGET_MS = 600_000

export interface QuotasOptions {
  /** The same object as long as the limits are the same. */
  readonly limitsOf: (tenantId: string) => QuotaLimits
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** What each tenant may send, in bytes and in records. */
export class Quotas {
  readonly #options: QuotasOptions
  readonly #tenants = new Map<string, TenantQuota & { usedAtMs?: number }>()
  /** Part of the rates that this replica gives out: all of it, or its share while it does not hear of the others. */
  share = 1

  constructor(options: QuotasOptions) {
    this.#options = options
  }

  /** Tenants that sent something lately and have a quota. */
  get tenants(): ReadonlyMap<string, TenantQuota> {
    return this.#tenants
  }

  /** @param saved - part of what is saved up that is not to be spent. @returns QUOTA_EXCEEDED when a request of so many bytes must wait. */
  refusal(tenantId: string, bytes: number, saved = 0): IngestError | undefined {
    const waitMs = this.#quotaOf(tenantId)?.waitMs(bytes, this.#options.now(), this.share, saved) ?? 0
    if (waitMs === 0) return undefined
    const retryAfterSeconds = Math.min(MAX_RETRY_AFTER_SECONDS, Math.ceil(waitMs / 1000))
    return new IngestError('QUOTA_EXCEEDED', `tenant ${tenantId} has used up its quota; send again after the time that Retry-After says, and less.`, { retryAfterSeconds })
  }

  /** What a request cost, as far as it is known. */
  take(tenantId: string, bytes: number, records: number): void {
    this.#quotaOf(tenantId)?.take(bytes, records)
  }

  #quotaOf(tenantId: string): TenantQuota | undefined {
    const { limitsOf, now } = this.#options
    const limits = limitsOf(tenantId)
    const known = this.#tenants.get(tenantId)
    if (known?.limits === limits) {
      known.usedAtMs = now()
      return known
    }
    if (limits.bytesPerSecond === 0 && limits.recordsPerSecond === 0) {
      this.#tenants.delete(tenantId)
      return undefined
    }
    this.#forget(now())
    const quota: TenantQuota & { usedAtMs?: number } = new TenantQuota(limits, now())
    quota.usedAtMs = now()
    this.#tenants.set(tenantId, quota)
    return quota
  }

  #forget(nowMs: number): void {
    for (const [tenantId, { usedAtMs = 0 }] of this.#tenants) if (nowMs - usedAtMs > FORGET_MS) this.#tenants.delete(tenantId)
  }
}
