import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import { QUOTA_SCRIPT } from './quota-script.ts'
import type { Quotas } from './quotas.ts'
import type { TenantQuota } from './tenant-quota.ts'

/** Between two exchanges, milliseconds. In this time replicas may together give out more than there is; it is a debt then. */
const EXCHANGE_MS = 200

/** A replica that was not heard of for so long does not count, milliseconds. */
const REPLICA_MS = 10_000

/** What is not used for so long is full again, milliseconds. */
const KEEP_MS = 3_600_000

export interface SharedQuotasOptions {
  readonly quotas: Quotas
  readonly redis: Pick<Redis, 'eval'>
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/**
 * Keeps the buckets of all replicas the same: each decides by itself, tells Redis what it gave out, and hears what is left. No
 * request waits for that. While Redis is away each gives out its part of the rate, by the number of replicas that there were.
 */
export class SharedQuotas {
  readonly #options: SharedQuotasOptions
  readonly #replica = randomUUID()
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> = Promise.resolve()
  #replicas = 1

  constructor(options: SharedQuotasOptions) {
    this.#options = options
  }

  start(): void {
    this.#timer = setTimeout(() => {
      this.#running = this.exchange().finally(() => {
        if (this.#timer !== undefined) this.start()
      })
    }, EXCHANGE_MS)
    this.#timer.unref()
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    await this.#running
  }

  /** Tells what was given out, and adopts what is left. Never rejects. */
  async exchange(): Promise<void> {
    const { quotas } = this.#options
    const used = [...quotas.tenants].filter(([, quota]) => quota.isUsed)
    if (used.length === 0) return
    const outcomes = await Promise.allSettled(used.map(([tenantId, quota]) => this.#exchangeOne(tenantId, quota)))
    quotas.share = outcomes.some(({ status }) => status === 'fulfilled') ? 1 : 1 / this.#replicas
  }

  async #exchangeOne(tenantId: string, quota: TenantQuota): Promise<void> {
    const { redis, now } = this.#options
    const { spentBytes, spentRecords } = quota
    // What cannot be told is not told later: what came meanwhile was within this replica's part.
    quota.spentBytes = quota.spentRecords = 0
    quota.isUsed = false
    const buckets = [...quota.bytes.map((bucket) => ({ bucket, spent: spentBytes })), ...quota.records.map((bucket) => ({ bucket, spent: spentRecords }))]
    const args = buckets.flatMap(({ bucket, spent }) => [bucket.limits.perSecond, bucket.limits.capacity, spent])
    const key = `ballast-ingest:quota:{${tenantId}}`
    const [replicas, ...levels] = (await redis.eval(QUOTA_SCRIPT, 2, key, `${key}:replicas`, this.#replica, REPLICA_MS, KEEP_MS, ...args)) as [number, ...string[]]
    this.#replicas = Math.max(1, replicas)
    for (const [index, { bucket }] of buckets.entries()) {
      bucket.adopt(Number(levels[index]) - (index < quota.bytes.length ? quota.spentBytes : quota.spentRecords), now())
    }
  }
}
