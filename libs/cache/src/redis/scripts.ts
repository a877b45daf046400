import type { Cluster, Redis } from 'ioredis'
import { createHash } from 'node:crypto'
import { FORMATS, OFFSETS } from '../entry/envelope.ts'
import type { MarkKind } from './shared-tier.ts'

/** The time when all leases are granted; else that, and for each key {@link GRANTED}, {@link HELD}, {@link FAILED} or its entry. */
export type LeasesReply = number | readonly (number | Buffer)[]

/** The commands that {@link withScripts} adds to a client. Keys: the entry, then its lease; both lie in one cluster slot. */
export interface ScriptCommands {
  /** Keys: all entries, then all leases. Arguments: token, lifetime of a lease, and, when there are any, for each `=` with the first bytes that were seen, or nothing. */
  ballastCacheLeasesBuffer(keys: number, ...keysAndArguments: readonly (string | number | Buffer)[]): Promise<LeasesReply>
  /** Keys as above. One argument, of {@link PackedFills}. Answers with {@link STORED} when all are stored; else with that, {@link REFUSED} or {@link FAILED} for each. */
  ballastCacheFills(keys: number, ...keysAndArgument: readonly (string | Buffer)[]): Promise<number | readonly number[]>
  ballastCacheFinishWrite(entry: string, lease: string, token: string, bytes: Buffer, ttlMs: number, version: number): Promise<number>
  ballastCacheBeginWrite(lease: string, token: string, leaseMs: number): Promise<number>
  ballastCacheMark(mark: string, kind: MarkKind, ttlMs: number): Promise<number>
  ballastCacheOrigin(origin: string): Promise<number>
  ballastCacheDelete(entry: string, lease: string): Promise<number>
  ballastCacheExpire(entry: string, lease: string): Promise<number>
  ballastCacheExpireEntry(entry: string): Promise<number>
  ballastCacheTouch(entry: string, ttlMs: number, unlessMs: number): Promise<number>
  ballastCacheDeleteEntry(entry: string): Promise<number>
  ballastCacheRenew(lease: string, token: string, leaseMs: number): Promise<number>
  ballastCacheRelease(lease: string, token: string): Promise<number>
}

/** A client of ioredis that knows our scripts. */
export type ScriptedClient = (Redis | Cluster) & ScriptCommands

// Redis tells nobody that a key which was not there is deleted; but a process that loads it now must hear of it. pcall: a Redis out of memory must delete all the same.
const TELL = `redis.pcall('SET', KEYS[1], '', 'PX', 1) redis.call('DEL', KEYS[1])`

// One clock for stamps and marks. Numbers of Lua hold microseconds exactly until the year 2255.
const NOW_US = `(function() local time = redis.call('TIME') return time[1] * 1000000 + time[2] end)()`

// Where changes are published: the key up to its kind, so that a key prefix of the client is part of both.
const CHANNEL = `string.match(KEYS[1], '^(.-):[vt]:{') .. ':c'`

/** Answers of the scripts for several keys. Redis could not store what it was to store: it is out of memory. */
export const FAILED = -1
export const HELD = 0
export const GRANTED = 1
export const REFUSED = 0
export const STORED = 1

// MGET: a key of another type reads as none, to be replaced.
const LEASES = `
local count, granted = #KEYS / 2, 0
local entries = redis.call('MGET', unpack(KEYS, 1, count))
local replies = {${NOW_US}}
for i = 1, count do
  local entry, seen = entries[i], ARGV[2 + i]
  if entry and (not seen or seen == '' or '=' .. string.sub(entry, 1, #seen - 1) ~= seen) then
    replies[i + 1] = entry
  else
    local set = redis.pcall('SET', KEYS[count + i], ARGV[1], 'NX', 'PX', ARGV[2])
    replies[i + 1] = not set and ${HELD} or set.err and ${FAILED} or ${GRANTED}
    if replies[i + 1] == ${GRANTED} then granted = granted + 1 end
  end
end
return granted == count and replies[1] or replies`

// Published only where somebody listens, because most listen to tracking alone; a listener is connected to the master of the key.
const FILLS = `
local count, at = #KEYS / 2, 1
local tokens = redis.call('MGET', unpack(KEYS, count + 1))
local replies, stored, used = {}, {}, {}
local token, ttl
for i = 1, count do
  local newToken, newTtl, bytes
  newToken, newTtl, bytes, at = struct.unpack('>Bc0Bc0I4c0', ARGV[1], at)
  if newToken ~= '' then token = newToken end
  if newTtl ~= '' then ttl = newTtl end
  replies[i] = ${REFUSED}
  if tokens[i] == token then
    replies[i] = redis.pcall('SET', KEYS[i], bytes, 'PX', ttl).err and ${FAILED} or ${STORED}
    if replies[i] == ${STORED} then
      stored[#stored + 1] = KEYS[i]
      used[#used + 1] = KEYS[count + i]
    end
  end
end
if #used == 0 then return replies end
redis.call('DEL', unpack(used))
local channel = ${CHANNEL}
local listeners = redis.pcall('PUBSUB', 'NUMSUB', channel)
if listeners.err or listeners[2] > 0 then
  for i = 1, #stored do redis.pcall('PUBLISH', channel, stored[i]) end
end
return #stored == count and ${STORED} or replies`

/** By these Redis knows the scripts that run most. */
export const LEASES_SHA = shaOf(LEASES)
export const FILLS_SHA = shaOf(FILLS)

// Returns 2 when a newer version is stored already, 1 stored, 0 when another write or invalidation came between: then nobody's value is kept.
const FINISH_WRITE = `
local mine = redis.call('GET', KEYS[2]) == ARGV[1]
local entry = redis.pcall('GET', KEYS[1])
local version = tonumber(ARGV[4])
if version > 0 and type(entry) == 'string' and #entry >= ${OFFSETS.version + 7} and struct.unpack('>d', string.sub(entry, ${OFFSETS.version}, ${OFFSETS.version + 7})) >= version then
  if mine then redis.call('DEL', KEYS[2]) end
  return 2
end
if mine then
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
  redis.call('DEL', KEYS[2])
  return 1
end
if redis.call('DEL', KEYS[1]) == 0 then ${TELL} end
redis.call('DEL', KEYS[2])
return 0`

const BEGIN_WRITE = `
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return ${NOW_US}`

// A mark is hard:soft. It never goes back, not even when the clock does.
const MARK = `
local old = redis.pcall('GET', KEYS[1])
local hard, soft = string.match(type(old) == 'string' and old or '', '^(%d+):(%d+)$')
hard, soft = tonumber(hard) or 0, tonumber(soft) or 0
local now = ${NOW_US}
if ARGV[1] == 'hard' then hard = math.max(hard, now) now = hard else soft = math.max(soft, now) now = soft end
redis.call('SET', KEYS[1], string.format('%.0f:%.0f', hard, soft), 'PX', ARGV[2])
return now`

// Without an expiry: a Redis that may evict only what expires never evicts it.
const ORIGIN = `
local origin = redis.pcall('GET', KEYS[1])
local known = type(origin) == 'string' and tonumber(origin)
if known then return known end
local now = ${NOW_US}
redis.call('SET', KEYS[1], string.format('%.0f', now))
return now`

const DELETE_ENTRY = `
local deleted = redis.call('DEL', KEYS[1])
if deleted == 0 then ${TELL} end`

const DELETE = `${DELETE_ENTRY}
redis.call('DEL', KEYS[2])
return deleted`

// Declares an entry stale in place; its expiry stays. What may not be stale, an absence, goes.
const EXPIRE_ENTRY = `
local head = redis.pcall('GETRANGE', KEYS[1], 0, ${OFFSETS.hardAt + 6})
local format = type(head) == 'string' and string.byte(head, ${OFFSETS.format})
local known = format == ${FORMATS.written} or format == ${FORMATS.expired}
if known and string.sub(head, ${OFFSETS.softAt}, ${OFFSETS.softAt + 7}) ~= string.sub(head, ${OFFSETS.hardAt}, ${OFFSETS.hardAt + 7}) then
  redis.call('SETRANGE', KEYS[1], ${OFFSETS.format - 1}, string.char(${FORMATS.expired}))
  return 1
end
if redis.call('DEL', KEYS[1]) == 0 then ${TELL} end
return 0`

// Only what is there and has an expiry; PEXPIRE makes every process that tracks read the entry again. Not published: what copies hold does not change.
const TOUCH = `
local left = redis.call('PTTL', KEYS[1])
if left < 0 or left >= tonumber(ARGV[2]) or left >= tonumber(ARGV[1]) then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[1])`

const RENEW = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])`

const RELEASE = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])`

/** Has a script publish the key that it changed, for processes to which Redis refuses tracking. pcall: what may not be published is done all the same. */
function published(lua: string): string {
  return `
local result = (function() ${lua}
end)()
redis.pcall('PUBLISH', ${CHANNEL}, KEYS[1])
return result`
}

/** Teaches a client our scripts. A cluster client routes them by their first key. */
export function withScripts(client: Redis | Cluster): ScriptedClient {
  client.defineCommand('ballastCacheLeases', { lua: LEASES })
  client.defineCommand('ballastCacheFills', { lua: FILLS })
  client.defineCommand('ballastCacheFinishWrite', { numberOfKeys: 2, lua: published(FINISH_WRITE) })
  client.defineCommand('ballastCacheBeginWrite', { numberOfKeys: 1, lua: BEGIN_WRITE })
  client.defineCommand('ballastCacheMark', { numberOfKeys: 1, lua: published(MARK) })
  client.defineCommand('ballastCacheOrigin', { numberOfKeys: 1, lua: ORIGIN })
  client.defineCommand('ballastCacheDelete', { numberOfKeys: 2, lua: published(DELETE) })
  client.defineCommand('ballastCacheExpire', { numberOfKeys: 2, lua: published(`redis.call('DEL', KEYS[2])\n${EXPIRE_ENTRY}`) })
  client.defineCommand('ballastCacheExpireEntry', { numberOfKeys: 1, lua: published(EXPIRE_ENTRY) })
  client.defineCommand('ballastCacheTouch', { numberOfKeys: 1, lua: TOUCH })
  client.defineCommand('ballastCacheDeleteEntry', { numberOfKeys: 1, lua: published(`${DELETE_ENTRY}\nreturn deleted`) })
  client.defineCommand('ballastCacheRenew', { numberOfKeys: 1, lua: RENEW })
  client.defineCommand('ballastCacheRelease', { numberOfKeys: 1, lua: RELEASE })
  if (!knowsScripts(client)) throw new TypeError('this ioredis client cannot define commands')
  return client
}

function shaOf(lua: string): string {
  return createHash('sha1').update(lua).digest('hex')
}

function knowsScripts(client: Redis | Cluster): client is ScriptedClient {
  return 'ballastCacheLeasesBuffer' in client && 'ballastCacheRelease' in client
}
