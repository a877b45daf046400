import type { Redis } from 'ioredis'
import type { AlertState } from '../alert/alert-state.ts'
import { type Acknowledgement, acknowledgementSchema, type Silence, silenceSchema } from '../alert/silence.ts'
import { SloError } from '../errors.ts'
import type { RedisKeys } from '../leader/redis-keys.ts'
import type { AlertChange, AlertSnapshot, AlertStore, Remarks } from './alert-store.ts'
import type { DeadLetter, Delivery, Told } from './delivery.ts'

/** Dead letters that are kept. */
const MAX_DEAD_LETTERS = 1000
/** Acknowledgements and silences are forgotten this long after they were last of use, milliseconds. */
const REMARK_RETENTION_MS = 30 * 24 * 60 * 60 * 1000

/**
 * Stores a step, if nobody was elected after the one who sends it: checked and written in one go, so that a leader which slept
 * through its lease changes nothing. Arguments: token, then triples of key number, field and value; no value removes the field.
 */
const COMMIT = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
for i = 2, #ARGV, 3 do
  local key = KEYS[tonumber(ARGV[i])]
  if ARGV[i] == '5' then
    redis.call('LPUSH', key, ARGV[i + 2])
    redis.call('LTRIM', key, 0, ${MAX_DEAD_LETTERS - 1})
  elseif ARGV[i + 2] == '' then
    redis.call('HDEL', key, ARGV[i + 1])
  else
    redis.call('HSET', key, ARGV[i + 1], ARGV[i + 2])
  end
end
return 1`

/** Alerts, outbox and remarks in Redis, as JSON in hashes. What was written by an older version and cannot be read stops nothing. */
export class RedisStore implements AlertStore {
  readonly durable = true
  readonly #redis: Redis
  readonly #keys: RedisKeys
  readonly #now: () => number

  constructor(redis: Redis, keys: RedisKeys, now: () => number = Date.now) {
    this.#redis = redis
    this.#keys = keys
    this.#now = now
  }

  async load(): Promise<AlertSnapshot | undefined> {
    const { fence, states, outbox, told } = this.#keys
    // One transaction, so that a step is seen whole or not at all.
    const [token, ...hashes] = (await this.#redis.multi().get(fence).hgetall(states).hgetall(outbox).hgetall(told).exec())!.map(([error, value]) => {
      if (error !== null) throw error
      return value
    })
    const [first, second, third] = hashes as Record<string, string>[]
    const snapshot = { token: Number(token ?? 0), states: parsed<AlertState>(first!), deliveries: parsed<Delivery>(second!), told: parsed<Told>(third!) }
    return snapshot.states.size === 0 ? undefined : snapshot
  }

  async commit(token: number, { states, queued = [], finished = [], told, dead = [] }: AlertChange): Promise<void> {
    const operations = [
      ...[...(states ?? [])].flatMap(([key, state]) => ['2', key, JSON.stringify(state)]),
      ...queued.flatMap((delivery) => ['3', delivery.id, JSON.stringify(delivery)]),
      ...finished.flatMap((id) => ['3', id, '']),
      ...[...(told ?? [])].flatMap(([key, entry]) => ['4', key, JSON.stringify(entry)]),
      ...dead.flatMap((letter) => ['5', '', JSON.stringify(letter)]),
    ]
    const { fence, states: statesKey, outbox, told: toldKey, dead: deadKey } = this.#keys
    const stored = await this.#redis.eval(COMMIT, 5, fence, statesKey, outbox, toldKey, deadKey, String(token), ...operations)
    if (stored !== 1) throw new SloError('STALE_LEADER', `another replica was elected after this one got token ${token}; what it wanted to write was refused.`)
  }

  async remarks(): Promise<Remarks> {
    const [acknowledgements, silences] = await this.#readAll(this.#keys.acknowledgements, this.#keys.silences)
    return {
      acknowledgements: parsed(acknowledgements!, (value) => acknowledgementSchema.safeParse(value).data),
      silences: parsed(silences!, (value) => silenceSchema.safeParse(value).data),
    }
  }

  async acknowledge(alertId: string, acknowledgement: Acknowledgement): Promise<void> {
    await this.#redis.hset(this.#keys.acknowledgements, alertId, JSON.stringify(acknowledgement))
    await this.#forgetOld()
  }

  async silence(silence: Silence): Promise<void> {
    await this.#redis.hset(this.#keys.silences, silence.id, JSON.stringify(silence))
    await this.#forgetOld()
  }

  async deadLetters(): Promise<readonly DeadLetter[]> {
    return (await this.#redis.lrange(this.#keys.dead, 0, -1)).map((text) => JSON.parse(text) as DeadLetter)
  }

  async #forgetOld(): Promise<void> {
    const { acknowledgements, silences } = await this.remarks()
    const before = this.#now() - REMARK_RETENTION_MS
    const old = [
      ...[...acknowledgements].flatMap(([id, { atMs }]) => (atMs < before ? [[this.#keys.acknowledgements, id] as const] : [])),
      ...[...silences].flatMap(([id, { endsAtMs }]) => (endsAtMs < before ? [[this.#keys.silences, id] as const] : [])),
    ]
    for (const [key, id] of old) await this.#redis.hdel(key, id)
  }

  #readAll(...keys: string[]): Promise<Record<string, string>[]> {
    return Promise.all(keys.map((key) => this.#redis.hgetall(key)))
  }
}

function parsed<T>(hash: Readonly<Record<string, string>>, read: (value: unknown) => T | undefined = (value) => value as T): Map<string, T> {
  const map = new Map<string, T>()
  for (const [field, text] of Object.entries(hash)) {
    const value = read(JSON.parse(text))
    if (value !== undefined) map.set(field, value)
  }
  return map
}
