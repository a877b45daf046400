/**
 * Takes what one replica gave out from the shared buckets of a tenant, and returns the number of replicas and what each bucket
 * holds. By Redis' own clock, so that those of the replicas do not matter.
 *
 * KEYS: the buckets, the replicas. ARGV: this replica, how long a replica counts (ms), how long all is kept (ms), then for each
 * bucket its rate a second, its capacity, and what was taken.
 */
export const QUOTA_SCRIPT = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[2], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - ARGV[2])
redis.call('PEXPIRE', KEYS[2], ARGV[2])
local answer = { redis.call('ZCARD', KEYS[2]) }
local at = tonumber(redis.call('HGET', KEYS[1], 'at') or now)
for index = 4, #ARGV, 3 do
  local rate, capacity, spent = tonumber(ARGV[index]), tonumber(ARGV[index + 1]), tonumber(ARGV[index + 2])
  local level = tonumber(redis.call('HGET', KEYS[1], index) or capacity)
  level = math.min(capacity, level + math.max(0, now - at) / 1000 * rate) - spent
  redis.call('HSET', KEYS[1], index, string.format('%.3f', level))
  answer[#answer + 1] = string.format('%.3f', level)
end
redis.call('HSET', KEYS[1], 'at', now)
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return answer
`
