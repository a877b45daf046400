import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import type { Logger } from '@ballast/service'
import { Redis } from 'ioredis'
import type { AlertStore } from '../outbox/alert-store.ts'
import { MemoryStore } from '../outbox/memory-store.ts'
import { RedisStore } from '../outbox/redis-store.ts'
import { type Lease, soleLease } from './lease.ts'
import { redisKeys } from './redis-keys.ts'
import { RedisLease } from './redis-lease.ts'

/** What replicas share. */
export interface Coordination {
  readonly lease: Lease
  readonly store: AlertStore
  readonly close: () => Promise<void>
}

/** Longest that a command may take, milliseconds; and no more than a quarter of the lease. */
const MAX_COMMAND_MS = 2000
/** The start waits this long for the first connection; without it the engine starts all the same. Milliseconds. */
const FIRST_CONNECTION_MS = 1000

/** @param url - of Redis; empty for an engine that runs alone. */
export async function openCoordination({ url, database, leaseMs, log }: { readonly url: string; readonly database: string; readonly leaseMs: number; readonly log: Logger }): Promise<Coordination> {
  if (url === '') return { lease: soleLease, store: new MemoryStore(), close: () => Promise.resolve() }
  const commandTimeout = Math.min(MAX_COMMAND_MS, leaseMs / 4)
  // A command that cannot be sent at once fails at once: who waits for Redis does not alert.
  const redis = new Redis(url, { enableOfflineQueue: false, maxRetriesPerRequest: 0, commandTimeout, connectTimeout: commandTimeout, retryStrategy: (attempt) => Math.min(attempt * 100, 1000) })
  let failing = false
  redis.on('error', (error: Error) => {
    if (!failing) log.warn({ err: error }, 'cannot reach Redis')
    failing = true
  })
  redis.on('ready', () => {
    failing = false
  })
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, FIRST_CONNECTION_MS)
    redis.once('ready', () => {
      clearTimeout(timer)
      resolve()
    })
  })
  const keys = redisKeys(database)
  const lease = new RedisLease(redis, keys, { durationMs: leaseMs, holder: `${hostname()} ${process.pid} ${randomUUID()}` })
  return {
    lease,
    store: new RedisStore(redis, keys),
    close: () => {
      redis.disconnect()
      return Promise.resolve()
    },
  }
}
