import { TokenBucket } from './token-bucket.ts'

/** What one tenant may send. */
export interface QuotaLimits {
  /** Inflated bytes a second, over longer times; 0 is no limit. */
  readonly bytesPerSecond: number
  /** Records a second, over longer times; 0 is no limit. */
  readonly recordsPerSecond: number
  /** How many times as much may come for a short time. */
  readonly burst: number
  /** For how long a tenant that sent nothing may then send without the long-term limit, at the long-term rate; milliseconds. */
  readonly burstMs: number
}

/**
 * The buckets of one tenant, two for bytes and two for records: one with the steady rate, which saves up what was not used, and
 * one with the rate of a burst, which saves up a second of it ("Fairness in multi-tenant systems", Amazon Builders' Library).
 */
export class TenantQuota {
  readonly limits: QuotaLimits
  readonly bytes: readonly TokenBucket[]
  readonly records: readonly TokenBucket[]
  /** Not reported to the other replicas yet. */
  spentBytes = 0
  spentRecords = 0
  /** Whether it was asked since the last report. */
  isUsed = false

  constructor(limits: QuotaLimits, nowMs: number) {
    this.limits = limits
    this.bytes = bucketsOf(limits.bytesPerSecond, limits, nowMs)
    this.records = bucketsOf(limits.recordsPerSecond, limits, nowMs)
  }

  /**
   * Milliseconds until a request of so many bytes may be taken; 0 for now. Its records are not known yet: one at least.
   *
   * @param saved - part of what is saved up that is not to be spent, 0 to 1: with some of it a tenant gets its rate and no burst.
   */
  waitMs(bytes: number, nowMs: number, share: number, saved: number): number {
    this.isUsed = true
    const longest = (buckets: readonly TokenBucket[], tokens: number): number =>
      buckets.reduce((wait, bucket, index) => Math.max(wait, bucket.waitMs(tokens + (index === 0 ? saved * bucket.limits.capacity : 0), nowMs, share)), 0)
    return Math.max(longest(this.bytes, Math.max(1, bytes)), longest(this.records, 1))
  }

  take(bytes: number, records: number): void {
    for (const bucket of this.bytes) bucket.take(bytes)
    for (const bucket of this.records) bucket.take(records)
    this.spentBytes += bytes
    this.spentRecords += records
  }
}

function bucketsOf(perSecond: number, { burst, burstMs }: QuotaLimits, nowMs: number): readonly TokenBucket[] {
  if (perSecond === 0) return []
  const steady = { perSecond, capacity: Math.max(1, (perSecond * burstMs) / 1000) }
  const peak = { perSecond: perSecond * burst, capacity: Math.max(1, perSecond * burst) }
  return [new TokenBucket(steady, nowMs), new TokenBucket(peak, nowMs)]
}
