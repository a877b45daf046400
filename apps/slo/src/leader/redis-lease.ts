import type { Redis } from 'ioredis'
import type { Lease, LeaseAnswer } from './lease.ts'
import type { RedisKeys } from './redis-keys.ts'

/**
 * Takes or renews the lease. A new holder gets a new fencing token: above the last one, and not below Redis's own clock, so that tokens
 * still grow after Redis lost what it held.
 */
const ACQUIRE = `
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return {0, holder, ''} end
local previous = tonumber(redis.call('GET', KEYS[2])) or 0
local token = previous
if not holder or previous == 0 then
  local time = redis.call('TIME')
  token = math.max(previous + 1, time[1] * 1000 + math.floor(time[2] / 1000))
  redis.call('SET', KEYS[2], string.format('%.0f', token))
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return {1, string.format('%.0f', token), string.format('%.0f', previous)}`

const RELEASE = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`

/** A lease in Redis: one key with a time to live, taken and renewed in one step. */
export class RedisLease implements Lease {
  readonly durationMs: number
  readonly #redis: Redis
  readonly #keys: RedisKeys
  readonly #holder: string

  /** @param holder - tells this process from every other, over restarts too. */
  constructor(redis: Redis, keys: RedisKeys, options: { readonly durationMs: number; readonly holder: string }) {
    this.#redis = redis
    this.#keys = keys
    this.durationMs = options.durationMs
    this.#holder = options.holder
  }

  async acquire(): Promise<LeaseAnswer> {
    const [held, answer, previous] = (await this.#redis.eval(ACQUIRE, 2, this.#keys.lease, this.#keys.fence, this.#holder, String(this.durationMs))) as [number, string, string]
    return held === 1 ? { held: true, token: Number(answer), previous: Number(previous) } : { held: false, holder: answer }
  }

  async release(): Promise<void> {
    await this.#redis.eval(RELEASE, 1, this.#keys.lease, this.#holder)
  }
}
