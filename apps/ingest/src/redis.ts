import { Redis } from 'ioredis'

/** Time for one command, milliseconds. What Redis would have said is decided without it then. */
const COMMAND_TIMEOUT_MS = 250

/** Longest wait between two attempts to connect, milliseconds. */
const MAX_RECONNECT_MS = 2_000

/**
 * The Redis that replicas share; `undefined` when there is none. Nothing waits for it: a command fails at once while it is away.
 *
 * @param onAway - told once for each time that it goes away.
 */
export function connectRedis(url: string, onAway: (error: Error) => void): Redis | undefined {
  if (url === '') return undefined
  const redis = new Redis(url, {
    commandTimeout: COMMAND_TIMEOUT_MS,
    connectTimeout: 1_000,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (attempt) => Math.min(attempt * 100, MAX_RECONNECT_MS),
  })
  let away = false
  redis.on('ready', () => (away = false))
  redis.on('error', (error: Error) => {
    if (!away) onAway(error)
    away = true
  })
  return redis
}
