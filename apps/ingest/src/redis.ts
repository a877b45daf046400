import { Cluster, Redis, type RedisOptions } from 'ioredis'
import type { IngestConfig } from './config.ts'

/** Time for one command, milliseconds. What Redis would have said is decided without it then. */
const COMMAND_TIMEOUT_MS = 250

/** Longest wait between two attempts to connect, milliseconds. */
const MAX_RECONNECT_MS = 2_000

/** Nodes of a cluster that a command is sent to, one after another, while slots move. */
const MAX_REDIRECTIONS = 2

const retryStrategy = (attempt: number): number => Math.min(attempt * 100, MAX_RECONNECT_MS)
const BOUNDS = { commandTimeout: COMMAND_TIMEOUT_MS, connectTimeout: 1_000, maxRetriesPerRequest: 0 } satisfies RedisOptions

/**
 * The Redis that replicas share, one server or a cluster; `undefined` when there is none. Nothing waits for it: a command fails at
 * once while it is away.
 *
 * @param onAway - told once for each time that it goes away.
 */
export function connectRedis({ redisUrl, redisCluster }: Pick<IngestConfig, 'redisUrl' | 'redisCluster'>, onAway: (error: Error) => void): Redis | Cluster | undefined {
  if (redisUrl === '') return undefined
  const redis = redisCluster ? connectCluster(redisUrl) : new Redis(redisUrl, { ...BOUNDS, enableOfflineQueue: false, retryStrategy })
  let away = false
  redis.on('ready', () => (away = false))
  redis.on('error', (error: Error) => {
    if (!away) onAway(error)
    away = true
  })
  return redis
}

/** @param url - of any node; the others are asked for, and want the same password. */
function connectCluster(url: string): Cluster {
  const { username, password, protocol } = new URL(url)
  const redisOptions = {
    ...BOUNDS,
    ...(username !== '' && { username: decodeURIComponent(username) }),
    ...(password !== '' && { password: decodeURIComponent(password) }),
    ...(protocol === 'rediss:' && { tls: {} }),
  }
  return new Cluster([url], { redisOptions, enableOfflineQueue: false, maxRedirections: MAX_REDIRECTIONS, clusterRetryStrategy: retryStrategy })
}
